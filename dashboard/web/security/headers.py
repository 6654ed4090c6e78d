"""Security headers of every answer: what a browser may load, keep, frame and tell others."""

from flask import Flask, Response, request

REPORT_BREACHES = "report-uri /policy-reports"  # policy_reports.py
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "object-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",  # data: for Tabler's icons, blob: for previews of chosen images.
        "font-src 'self'",
        "frame-src 'self'",  # staff's preview of the customer's page
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        REPORT_BREACHES,
    )
)


def transport_headers(is_https: bool) -> dict[str, str]:
    """Headers of every answer: pages, files and the callback receiver."""
    return {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if is_https else {}


def image_headers(name: str) -> dict[str, str]:
    """Headers of a customer's image: nothing in it runs, and it is saved under a name that we chose."""
    return {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "Content-Disposition": f'inline; filename="{name}"',
    }


def set_headers(app: Flask, is_https: bool) -> None:
    fixed = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    } | transport_headers(is_https)

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        if "HX-Request" in request.headers or response.mimetype == "text/html":
            response.vary.add("HX-Request")
        return response

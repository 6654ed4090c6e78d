"""The hosted web integration: the script that partners embed, and the pages that it opens in an iframe.

The behaviour of the pages is in static/js/hosted; this module only serves them.
"""

from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template, send_from_directory

from dashboard.sandbox.state import current

hosted = Blueprint("hosted", __name__)

#: The folders from which Smile serves the same script.
VERSIONS = ("v1", "v10", "v11")
#: The behaviour of the pages of these versions.
MODULE = "js/hosted/main.js"
PAGES = (
    "basic-kyc", "biometric-kyc", "doc-verification", "e-signature", "ekyc",
    "enhanced-document-verification", "product-selection", "smartselfie-auth",
)  # fmt: skip


@hosted.get("/inline/<version>/js/script.min.js")
def script(version: str) -> Response:
    """GET /inline/<version>/js/script.min.js: the script that partners embed. Unknown versions get 404.

    https://docs.usesmileid.com/integration-options/web-mobile-web/web-integration/usage
    """
    if version not in VERSIONS or current_app.static_folder is None:
        abort(404)
    response = send_from_directory(current_app.static_folder, "js/hosted/script.js", mimetype="text/javascript")
    # Partners load it from their own sites, some of which are cross-origin isolated.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@hosted.get("/inline/<version>/<page>.html")
def show(version: str, page: str) -> Response:
    """GET /inline/<version>/<page>.html: a page that the script opens in an iframe. Unknown pages get 404.

    Not documented on a page; known from Smile's library: https://github.com/smileidentity/web-client
    """
    if version not in VERSIONS or page not in PAGES:
        abort(404)
    # The partner's page frames this one, from any address.
    return page_of("sandbox/hosted.html", frame_ancestors="*", page=page)


def page_of(template: str, frame_ancestors: str, **values: Any) -> Response:
    """Render a hosted page with the security headers that all of them share.

    frame_ancestors: the sources that may frame the page, for its Content-Security-Policy.
    """
    binds_job_type = current().settings.web_token_binds_job_type
    page = render_template(template, binds_job_type=binds_job_type, **{"module": MODULE, **values})
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; media-src 'self' blob:; "
        # The configuration names the API's address and the partner's logo.
        "connect-src 'self' http: https:; img-src 'self' data: http: https:; "
        f"form-action 'none'; base-uri 'none'; frame-ancestors {frame_ancestors}"
    )
    response.headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=(self)"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response

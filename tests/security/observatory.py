"""The rules by which MDN's HTTP Observatory scores a page, as far as they look at one answer: 100 and what is added."""

from werkzeug.test import TestResponse

SIX_MONTHS = 15_768_000


def score(page: TestResponse, hsts: str) -> tuple[int, list[str]]:
    """The score, and what cost points. `hsts`: as it is sent under https, where alone it counts."""
    losses: list[tuple[int, str]] = []
    policy = directives(page.headers.get("Content-Security-Policy", ""))
    scripts = policy.get("script-src", policy.get("default-src", ["*"]))
    styles = policy.get("style-src", policy.get("default-src", ["*"]))
    losses += [(25, "no policy")] if not policy else []
    losses += [(20, "scripts inline or from anywhere")] if is_loose(scripts) else []
    losses += [(10, "eval")] if "'unsafe-eval'" in scripts else []
    losses += [(0, "styles inline")] if is_loose(styles) else []
    losses += [(20, "cookie without Secure")] if any("Secure" not in cookie for cookie in cookies(page)) else []
    losses += [(30, "session cookie for scripts")] if any("HttpOnly" not in cookie for cookie in cookies(page)) else []
    losses += [(50, "open to every origin")] if page.headers.get("Access-Control-Allow-Origin") == "*" else []
    losses += [(5, "content is guessed")] if page.headers.get("X-Content-Type-Options") != "nosniff" else []
    losses += (
        [(20, "may be framed")] if "frame-ancestors" not in policy and "X-Frame-Options" not in page.headers else []
    )
    losses += [(5, "referrer is sent")] if page.headers.get("Referrer-Policy") not in PRIVATE_REFERRERS else []
    losses += [(20, "no HSTS")] if max_age(hsts) < SIX_MONTHS else []
    total = 100 - sum(points for points, _ in losses)
    return total + (bonus(page, policy) if total >= 90 else 0), [why for points, why in losses if points]


PRIVATE_REFERRERS = ("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin")


def bonus(page: TestResponse, policy: dict[str, list[str]]) -> int:
    """What is added to a page that has 90 points already."""
    added = 10 if policy.get("default-src") == ["'none'"] else 5
    added += 5 if "frame-ancestors" in policy else 0
    added += 5 if page.headers.get("Referrer-Policy") in PRIVATE_REFERRERS[:2] else 0
    added += 5 if any("SameSite" in cookie for cookie in cookies(page)) else 0
    added += 10 if page.headers.get("Cross-Origin-Resource-Policy") in ("same-origin", "same-site") else 0
    return added


def directives(policy: str) -> dict[str, list[str]]:
    parts = [part.split() for part in policy.split(";") if part.strip()]
    return {name: sources for name, *sources in parts}


def is_loose(sources: list[str]) -> bool:
    return any(source in ("'unsafe-inline'", "*", "data:", "http:", "https:") for source in sources)


def cookies(page: TestResponse) -> list[str]:
    return page.headers.getlist("Set-Cookie")


def max_age(hsts: str) -> int:
    found = [part.strip() for part in hsts.split(";") if part.strip().startswith("max-age=")]
    return int(found[0].removeprefix("max-age=")) if found else 0

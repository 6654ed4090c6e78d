"""Serves the uploaded logo to customers' browsers and to Smile's own pages."""

from flask import Blueprint, Response, redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard.context import reading
from dashboard.errors import NotFound
from dashboard.settings.logo import read_logo
from dashboard.web.access import open_to_everybody
from dashboard.web.security.headers import image_headers

blueprint = Blueprint("logo", __name__)


@blueprint.get("/logo/<name>.png")
@open_to_everybody
def show(name: str) -> ResponseReturnValue:
    """The logo. An older address leads to the current one: links at Smile keep the address they were made with."""
    with reading() as session:
        logo = read_logo(session)
    if logo is None:
        raise NotFound
    present, png = logo
    if name != present:
        return redirect(url_for("logo.show", name=present), 303)
    answer = Response(png, mimetype="image/png")
    answer.headers.update(image_headers("logo.png"))
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # Smile's pages show it as well.
    return answer

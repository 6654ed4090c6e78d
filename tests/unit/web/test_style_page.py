"""The style page: in the demo every shared part once, elsewhere nothing."""

from collections.abc import Callable

from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.config import Settings
from dashboard.db import Database
from tests.conftest import let_in
from tests.factories.team import make_member

SignInAs = Callable[[str], FlaskClient]


def test_demo_shows_every_part_with_the_macros_of_the_pages(database: Database, settings: Settings):
    app = create_app(settings.model_copy(update={"is_demo": True}), database=database)
    cleo = app.test_client()
    let_in(cleo, make_member(database, "cleo"))

    page = cleo.get("/style")

    assert page.status_code == 200
    for part in ("outcome-provisional", "outcome-failed", "proof-fails", "stage-steps", "field-invalid", "flash"):
        assert part in page.text
    for part in ("error-summary", "table list", "empty-state", "Nothing matches", "duty-warn", "removal"):
        assert part in page.text
    assert app.test_client().get("/style").location == "/sign-in?next=/style"


def test_elsewhere_there_is_no_such_page(sign_in: SignInAs):
    assert sign_in("ada").get("/style").status_code == 404

"""Views as their form saves them."""

from typing import Any

from flask.testing import FlaskClient


def save_view(client: FlaskClient, list_name: str = "jobs", name: str = "Mine", /, **asked: str) -> str:
    """Saves a pinned view and returns its path. `asked`: the list's address, and what is ticked in the form."""
    ticked = {tick: "yes" for tick in ("shared",) if asked.pop(tick, "")}
    data: dict[str, Any] = {"name": name, "pinned": "yes"} | ticked
    answer = client.post("/views", query_string={"list": list_name} | asked, data=data)
    assert answer.status_code == 303, answer.text
    return answer.location

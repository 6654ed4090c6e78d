"""300 KB in every field of every form: refused in words, never an error of ours, in no address and in no row."""

import pytest
from flask import Flask
from sqlalchemy import JSON, String, cast, func, select

from dashboard.db import Database
from dashboard.features import metadata
from dashboard.web.security.form_keys import FIELD
from tests.security.presses import Forms
from tests.security.walk import World

LONG = "x" * 300_000
LONGEST_ADDRESS = 8_000
LONGEST_STORED = 20_000
#: What stands in every form and is no text of a person.
OF_THE_FORM = frozenset({FIELD, "csrf_token"})


def longest_text(database: Database) -> dict[str, int]:
    """Of each column with texts, where there is any."""
    with database.reading() as session:
        longest = {
            f"{table.name}.{column.name}": session.connection()
            .execute(select(func.max(func.length(cast(column, String)))))
            .scalar()
            for table in metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, String | JSON)
        }
    return {name: length for name, length in longest.items() if length}


@pytest.mark.timeout(300)
def test_no_field_takes_a_text_without_end(walked_app: Flask, walked_database: Database, world: World):
    walked_app.config["WTF_CSRF_ENABLED"] = False
    forms = Forms(walked_app, walked_database, world)
    wrong, tried = [], 0
    for endpoint in forms.endpoints:
        client = forms.sign_in()
        form = forms.form(client, endpoint)
        for name in sorted(form.fields.keys() - OF_THE_FORM):
            answer = client.post(form.action, data=form.fields | {name: LONG})
            tried += 1
            if answer.status_code >= 500 and not endpoint.startswith("customer."):
                wrong.append((endpoint, name, answer.status_code))
            if len(answer.headers.get("Location", "")) > LONGEST_ADDRESS:
                wrong.append((endpoint, name, "a long address"))
            if name in form.typed and answer.status_code < 400:
                wrong.append((endpoint, name, f"taken: {answer.status_code}"))
            if answer.status_code in (303, 401) or "/sign-in" in answer.headers.get("Location", ""):
                client = forms.sign_in()

    print(f"fields: {tried}, wrong: {len(wrong)}")
    assert not wrong, "\n".join(map(str, wrong))
    assert tried > 60
    assert {name: size for name, size in longest_text(walked_database).items() if size > LONGEST_STORED} == {}

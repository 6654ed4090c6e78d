"""Signs that hide or turn text, as pages show them; fields of forms keep them."""

import pytest
from flask import Flask, render_template_string

from dashboard.web.hidden_signs import shown


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("dev\u202eorppa", "dev\\u202eorppa"),
        ("appr\u200boved\ufeff", "appr\\u200boved\\ufeff"),
        ("\u2067rejected\u2069", "\\u2067rejected\\u2069"),
        ("bell \u0007 and escape \u001b", "bell \\u0007 and escape \\u001b"),
    ],
)
def test_what_hides_or_turns_is_written_out(text: str, read: str) -> None:
    assert shown(text) == read


@pytest.mark.parametrize("text", ["Amina Bello", "نیم\u200cفاصله", "👩\u200d🔬", "two\nlines\tof text", "", 7, None])
def test_what_a_language_needs_stays_as_it_is(text: object) -> None:
    assert shown(text) is text


def test_templates_write_it_out_and_fields_keep_it(app: Flask) -> None:
    with app.test_request_context():
        page = render_template_string("<b title='{{ text }}'>{{ text }}</b>{{ text|as_typed }}", text="<\u202ex")

    assert page == "<b title='&lt;\\u202ex'>&lt;\\u202ex</b>&lt;\u202ex"

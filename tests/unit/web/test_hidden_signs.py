"""Signs that hide or turn text, as pages show them; fields of forms and words of our own keep them."""

import re
from collections.abc import Callable

import pytest
from flask import Flask, render_template_string

RLO = '<bdi class="sign" title="U+202E, right-to-left override">[U+202E]</bdi>'
Draw = Callable[..., str]


@pytest.fixture
def draw(app: Flask) -> Draw:
    def draw(template: str, **values: object) -> str:
        with app.test_request_context():
            return render_template_string(template, **values)

    return draw


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("dev\u202eorppa", "dev[U+202E]orppa"),
        ("appr\u200boved\ufeff", "appr[U+200B]oved[U+FEFF]"),
        ("\u2067rejected\u2069", "[U+2067]rejected[U+2069]"),
        ("bell \u0007 and escape \u001b", "bell [U+0007] and escape [U+001B]"),
    ],
)
def test_what_hides_or_turns_is_marked(draw: Draw, text: str, read: str) -> None:
    page = draw("<p>{{ text }}</p>", text=text)

    assert re.sub("<[^>]*>", "", page) == read
    assert page.count('<bdi class="sign" title="U+') == read.count("[U+")


@pytest.mark.parametrize("text", ["Amina Bello", "نیم\u200cفاصله", "👩\u200d🔬", "two\nlines\tof text", "", 7])
def test_what_a_language_needs_stays_as_it_is(draw: Draw, text: object) -> None:
    assert draw("<p>{{ text }}</p>", text=text) == f"<p>{text}</p>"


def test_in_a_body_joiners_are_marked_too_and_an_escape_stays_what_was_sent(draw: Draw) -> None:
    page = draw("<pre>{{ body|visible }}</pre>", body='{"a": "x\u200dy\\u202e"}')

    assert '<bdi class="sign" title="U+200D, zero width joiner">[U+200D]</bdi>' in page
    assert "y\\u202e" in page


@pytest.mark.parametrize(
    ("template", "page"),
    [
        ("<b title='{{ text }}'>{{ text }}</b>", f"<b title='&lt;[U+202E]x'>&lt;{RLO}x</b>"),
        ("<b {% if text %}title=\"{{ 'a' if 0 else text }}\"{% endif %}>", '<b title="&lt;[U+202E]x">'),
        ("<title>{{ text }}</title><p>{{ text }}", f"<title>&lt;[U+202E]x</title><p>&lt;{RLO}x"),
        ("{% block title %}{{ text }}{% endblock %}<p>{{ text }}", f"&lt;[U+202E]x<p>&lt;{RLO}x"),
        ("<option>{{ text }}</option>{{ text }}", f"<option>&lt;[U+202E]x</option>&lt;{RLO}x"),
        ("{% set made %}{{ text }}{% endset %}<b title='{{ made }}'>", "<b title='&lt;[U+202E]x'>"),
        ("<!-- ' --><p>{{ text }}", f"<!-- ' --><p>&lt;{RLO}x"),
        ("<input value='{{ text|as_typed }}'>{{ text|as_typed }}", "<input value='&lt;\u202ex'>&lt;\u202ex"),
        ("{% autoescape false %}{{ text }}{% endautoescape %}", "<[U+202E]x"),
    ],
)
def test_where_no_element_can_stand_the_code_stands_alone(draw: Draw, template: str, page: str) -> None:
    assert draw(template, text="<\u202ex") == page

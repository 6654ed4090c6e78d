"""Shows characters that hide or turn text as small marks with their codes, in every value of every page.

Joiners and direction marks (U+200C to U+200F, U+061C) are left alone: Persian, Arabic and emoji need them.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from flask import Flask
from jinja2 import Environment, pass_eval_context
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

#: Control characters except tab and line ends, zero-width characters, those that turn the direction of text, and halves
#: of surrogate pairs, which UTF-8 cannot encode.
HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
#: The same with joiners and direction marks, for bodies and ids, where nothing may hide.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
MARK = re.compile(r'<bdi class="sign" title="[^"]*">(\[U\+[0-9A-F]{4}\])</bdi>')


class KeepAsTyped(str):
    """A form field's value or a text of our own, shown as it is: otherwise a form would change what it was given."""

    __slots__ = ()


class MarkEverything(str):
    """A body or an id, in which joiners and direction marks are marked too."""

    __slots__ = ()


def mark_invisible_characters(app: Flask) -> None:
    app.jinja_env.finalize = mark_in_output
    app.jinja_env.add_extension(PlainPlaces)
    app.jinja_env.filters.update(as_typed=KeepAsTyped, visible=MarkEverything, in_plain_text=in_plain_text)


@pass_eval_context
def mark_in_output(context: EvalContext, value: Any) -> Any:
    """What a template prints. Markup is our own, so only plain text is checked."""
    if (
        not isinstance(value, str)
        or value.isprintable()
        or isinstance(value, KeepAsTyped)
        or hasattr(value, "__html__")
    ):
        return value
    signs = INVISIBLE if isinstance(value, MarkEverything) else HIDDEN
    return _marked(context.environment, value, signs) if context.autoescape else signs.sub(_code_of, value)


def with_visible_codes(text: str) -> str:
    """For plain text, such as an audit entry: every hidden or turning character as its code."""
    return INVISIBLE.sub(_code_of, text)


def in_plain_text(value: Any) -> Any:
    """What a template prints where no element can stand: only the codes."""
    if isinstance(value, Markup):
        for mark in MARK.finditer(value):
            value = value.replace(mark[0], mark[1])  # which stays markup
        return value
    if not isinstance(value, str) or value.isprintable() or isinstance(value, KeepAsTyped):
        return value
    return KeepAsTyped((INVISIBLE if isinstance(value, MarkEverything) else HIDDEN).sub(_code_of, value))


def _code_of(found: re.Match[str]) -> str:
    return f"[U+{ord(found[0]):04X}]"


def _marked(environment: Environment, text: str, signs: re.Pattern[str]) -> Markup:
    """The text with a mark instead of each such character. The rest is escaped."""
    mark = environment.get_template("shared/sign.html").module.mark  # type: ignore[attr-defined]  # its macro
    marks = [
        mark(f"U+{ord(sign):04X}", unicodedata.name(sign, "control character").lower()) for sign in signs.findall(text)
    ]
    return escape("").join(part for pair in zip(signs.split(text), [*marks, ""], strict=True) for part in pair)


class PlainPlaces(Extension):
    """Sends what is printed inside a tag, or inside an element that holds plain text, through `in_plain_text`.

    It reads each template's tokens once, when the template is compiled. The HTML between the expressions tells in which
    place an expression stands; `{{ value }}` in a plain place becomes `{{ (value) | in_plain_text }}`.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        place = Place()
        before = ""
        for token in stream:
            if token.type == "data":
                place.read(token.value)
            elif token.type == "variable_end" and place.is_plain:
                for kind, value in (("rparen", ")"), ("pipe", "|"), ("name", "in_plain_text")):
                    yield Token(token.lineno, kind, value)
            elif token.test("name:endblock") or (before == "block" and token.type == "name"):
                place.is_title = token.value == "title"
            yield token
            if token.type == "variable_begin" and place.is_plain:
                yield Token(token.lineno, "lparen", "(")
            before = token.value


class Place:
    """Where in a page the text that was read so far ends."""

    #: A whole comment, element that holds plain text, or other tag.
    WHOLE = re.compile(
        r"""<!--.*?-->
        | <(title|textarea|option|script|style)\b .*? </\1\b[^>]*>
        | <(?!!--|(?:title|textarea|option|script|style)\b)[a-z/!] (?:[^"'>]|"[^"]*"|'[^']*')* >""",
        re.VERBOSE | re.IGNORECASE | re.DOTALL,
    )
    BEGIN = re.compile(r"<[a-z/!].*", re.IGNORECASE | re.DOTALL)

    def __init__(self) -> None:
        self.is_title = False  # in a block that the layout puts into the page's title
        self._begun = ""  # a comment, element or tag that has not ended yet

    @property
    def is_plain(self) -> bool:
        return self.is_title or self._begun != ""

    def read(self, text: str) -> None:
        begun = self.BEGIN.search(self.WHOLE.sub(" ", self._begun + text))
        self._begun = begun[0] if begun else ""

"""Signs that hide or turn text are shown as small marks with their codes, in every value of every page.

Left alone are joiners and marks of direction (U+200C to U+200F, U+061C): Persian and Arabic need them, and emoji.
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

#: Control characters but tab and ends of lines, what is as wide as nothing, what turns the direction of the rest, and
#: halves of surrogate pairs, which UTF-8 cannot carry.
HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
#: The same with joiners and marks of direction, for bodies and ids, where nothing may hide.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
MARK = re.compile(r'<bdi class="sign" title="[^"]*">(\[U\+[0-9A-F]{4}\])</bdi>')


class Typed(str):
    """A value of a field, or words of our own: shown as it is. A form would change what it was given otherwise."""

    __slots__ = ()


class Exact(str):
    """A body or an id, where joiners and marks of direction are marked as well."""

    __slots__ = ()


def mark_invisible_characters(app: Flask) -> None:
    app.jinja_env.finalize = shown
    app.jinja_env.add_extension(PlainPlaces)
    app.jinja_env.filters.update(as_typed=Typed, visible=Exact, in_plain_text=in_plain_text)


@pass_eval_context
def shown(context: EvalContext, value: Any) -> Any:
    """What a template prints. Markup is our own, so only plain text is looked at."""
    if not isinstance(value, str) or value.isprintable() or isinstance(value, Typed) or hasattr(value, "__html__"):
        return value
    signs = INVISIBLE if isinstance(value, Exact) else HIDDEN
    return _marked(context.environment, value, signs) if context.autoescape else signs.sub(_code_of, value)


def visible(text: str) -> str:
    """For a plain text, such as a line of the audit trail: every sign that hides or turns text as its code."""
    return INVISIBLE.sub(_code_of, text)


def in_plain_text(value: Any) -> Any:
    """What a template prints where no element can stand: the codes alone."""
    if isinstance(value, Markup):
        for mark in MARK.finditer(value):
            value = value.replace(mark[0], mark[1])  # which stays markup
        return value
    if not isinstance(value, str) or value.isprintable() or isinstance(value, Typed):
        return value
    return Typed((INVISIBLE if isinstance(value, Exact) else HIDDEN).sub(_code_of, value))


def _code_of(found: re.Match[str]) -> str:
    return f"[U+{ord(found[0]):04X}]"


def _marked(environment: Environment, text: str, signs: re.Pattern[str]) -> Markup:
    """The text with a mark in place of each sign; what is joined is escaped."""
    mark = environment.get_template("shared/sign.html").module.mark  # type: ignore[attr-defined]  # its macro
    marks = [
        mark(f"U+{ord(sign):04X}", unicodedata.name(sign, "control character").lower()) for sign in signs.findall(text)
    ]
    return escape("").join(part for pair in zip(signs.split(text), [*marks, ""], strict=True) for part in pair)


class PlainPlaces(Extension):
    """Sends what is printed inside a tag, or inside an element that holds plain text, through `in_plain_text`."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        place = Place()
        last: list[str] = []
        for token in stream:
            last = [*last[-2:], token.value]
            if token.type == "data":
                place.read(token.value)
            elif token.type == "variable_end" and place.is_plain:
                for kind, value in (("rparen", ")"), ("pipe", "|"), ("name", "in_plain_text")):
                    yield Token(token.lineno, kind, value)
            elif token.type == "name" and (last[1:] == ["block", "title"] or token.value == "endblock"):
                place.is_title = token.value == "title"
            yield token
            if token.type == "variable_begin" and place.is_plain:
                yield Token(token.lineno, "lparen", "(")


class Place:
    """Where in a page the text read so far ends."""

    NEXT = {
        "": re.compile(r"<!--|<(?=[a-zA-Z/!])"),
        "<!--": re.compile("-->"),
        "<": re.compile("[\"'>]"),
        '"': re.compile('"'),
        "'": re.compile("'"),
    }
    PLAIN_ELEMENT = re.compile(r"(title|textarea|option|script|style)\b", re.IGNORECASE)

    def __init__(self) -> None:
        self.is_title = False  # in a block that the layout puts into the page's title
        self._in = ""
        self._element = ""  # the one of PLAIN_ELEMENT that was opened last

    @property
    def is_plain(self) -> bool:
        return self.is_title or self._in != "" or self._element != ""

    def read(self, text: str) -> None:
        at = 0
        while found := self.NEXT[self._in].search(text, at):
            at = found.end()
            if self._in == "":
                self._open(found[0], text[at:])
            elif self._in == "<":
                self._in = "" if found[0] == ">" else found[0]
            else:
                self._in = "" if self._in == "<!--" else "<"

    def _open(self, sign: str, rest: str) -> None:
        self._in = sign
        named = self.PLAIN_ELEMENT.match(rest)
        if named and sign == "<":
            self._element = named[1].lower()
        elif rest.lower().startswith(f"/{self._element}"):
            self._element = ""

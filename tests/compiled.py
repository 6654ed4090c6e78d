"""Compiles routes, templates and statements once per process instead of once for each app and database."""

from functools import partial
from types import CodeType
from typing import ClassVar

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import create_engine
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule


class CompiledOnce(Rule):
    """Takes over what the same route of an earlier app compiled: compiling is most of the time that an app takes."""

    known: ClassVar[dict[tuple[object, ...], dict[str, object]]] = {}

    def compile(self) -> None:
        key = self.rule, self.subdomain, self.host, self.merge_slashes, repr(self.defaults)
        if key not in self.known:
            before = dict(vars(self))
            super().compile()
            made = {name: value for name, value in vars(self).items() if value is not before.get(name)}
            self.known[key] = made | {"arguments": self.arguments}
        vars(self).update(self.known[key])


class CompiledTemplates(BytecodeCache):
    def __init__(self) -> None:
        self.known: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key, bucket.checksum] = bucket.code


def compile_once(patched: pytest.MonkeyPatch) -> None:
    """From here on, in this process and in those that are forked from it."""
    patched.setattr(Flask, "url_rule_class", CompiledOnce)
    patched.setitem(Flask.jinja_options, "bytecode_cache", CompiledTemplates())
    # A statement is known by its dialect too, of which each engine has its own, all of them alike.
    patched.setattr(SQLiteDialect, "__hash__", lambda dialect: hash(type(dialect)))
    patched.setattr(SQLiteDialect, "__eq__", lambda dialect, other: type(dialect) is type(other))
    with_statements = partial(create_engine, execution_options={"compiled_cache": LRUCache(2000)})
    patched.setattr("dashboard.db.create_engine", with_statements)

"""Static files: addresses that change with the content, and compressed copies, served by WhiteNoise."""

import gzip
import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from wsgiref.headers import Headers

import brotli
from flask import Flask
from whitenoise import WhiteNoise
from whitenoise.responders import StaticFile

PREFIX = "/static/"
IMAGES = "/static/img/"
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {".br": brotli.compress, ".gz": gzip.compress}
FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
INCOMPRESSIBLE = frozenset({".png", ".jpg", ".woff2", ".br", ".gz"})


def serve_assets(app: Flask, static_dir: Path, always: dict[str, str]) -> None:
    """Serves `static_dir` in front of the app and gives templates `asset_url(name)`. `always`: more headers."""
    addresses, files = _catalogue(static_dir, tuple(always.items()))
    server = WhiteNoise(app.wsgi_app)
    server.files = dict(files)
    app.wsgi_app = server  # type: ignore[method-assign]  # Flask documents wrapping wsgi_app this way.
    app.add_template_global(addresses.__getitem__, "asset_url")


@cache
def _catalogue(static_dir: Path, always: tuple[tuple[str, str], ...]) -> tuple[dict[str, str], dict[str, StaticFile]]:
    """The hashed addresses by name, and WhiteNoise's files by address, as the folder is when a process starts."""

    def add_headers(headers: Headers, _: str, address: str) -> None:
        # Smile's own pages show the company's logo to its customers.
        shown_by = "cross-origin" if address.startswith(IMAGES) else "same-origin"
        for name, value in (FIXED_HEADERS | dict(always) | {"Cross-Origin-Resource-Policy": shown_by}).items():
            headers[name] = value

    shelf = WhiteNoise(
        None,
        max_age=0,
        immutable_file_test=r"\.[0-9a-f]{12}\.\w+$",
        allow_all_origins=False,
        add_headers_function=add_headers,
    )
    addresses = {}
    for path in _files(static_dir):
        _compress(path)
        name = path.relative_to(static_dir).as_posix()
        addresses[name] = _hashed_address(name, path)
        shelf.add_file_to_dictionary(addresses[name], str(path))
        shelf.add_file_to_dictionary(PREFIX + name, str(path))
    return addresses, shelf.files


def _files(static_dir: Path) -> Iterator[Path]:
    for path in sorted(static_dir.rglob("*")):
        if path.is_file() and path.suffix not in COMPRESSORS and not path.name.startswith("."):
            yield path


def _hashed_address(name: str, path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    stem, _, suffix = name.rpartition(".")
    return f"{PREFIX}{stem}.{digest}.{suffix}"


def _compress(path: Path) -> None:
    """Makes the compressed copies that are missing or older than the file. An installed package already has them."""
    if path.suffix in INCOMPRESSIBLE:
        return
    for suffix, compress in COMPRESSORS.items():
        copy = path.with_name(path.name + suffix)
        if copy.exists() and copy.stat().st_mtime >= path.stat().st_mtime:
            continue
        content = path.read_bytes()
        with suppress(OSError):  # A read-only installation serves the plain file.
            # Written aside and moved, since another process that starts now could serve half a file.
            with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=suffix, delete=False) as file:
                file.write(compress(content))
            Path(file.name).chmod(0o644)
            Path(file.name).replace(copy)

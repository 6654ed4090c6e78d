"""Static files: addresses that change with the content, compressed copies, served by WhiteNoise."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

PREFIX = "/static/"
COMPRESSED = (".br", ".gz")


def serve_assets(app: Flask, static_dir: Path) -> None:
    """Serves `static_dir` in front of the app and gives templates `asset_url(name)`."""
    addresses = {name: _hashed_address(name, path) for name, path in _files(static_dir)}
    server = WhiteNoise(app.wsgi_app, max_age=0, immutable_file_test=r"\.[0-9a-f]{12}\.\w+$")
    for name, path in _files(static_dir):
        _compress(path)
        server.add_file_to_dictionary(addresses[name], str(path))
        server.add_file_to_dictionary(PREFIX + name, str(path))
    app.wsgi_app = server  # type: ignore[method-assign]  # Flask documents wrapping wsgi_app this way.
    app.add_template_global(addresses.__getitem__, "asset_url")


def _files(static_dir: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(static_dir.rglob("*")):
        if path.is_file() and path.suffix not in COMPRESSED:
            yield path.relative_to(static_dir).as_posix(), path


def _hashed_address(name: str, path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    stem, _, suffix = name.rpartition(".")
    return f"{PREFIX}{stem}.{digest}.{suffix}"


def _compress(path: Path) -> None:
    """Makes the compressed copies that are missing or older than the file; an installed package has them already."""
    copies = [path.with_name(path.name + suffix) for suffix in COMPRESSED]
    newest = path.stat().st_mtime
    if all(copy.exists() and copy.stat().st_mtime >= newest for copy in copies):
        return
    compressor = Compressor(quiet=True)
    if not compressor.should_compress(path.name):
        return
    try:
        for copy in copies:
            copy.unlink(missing_ok=True)
        list(compressor.compress(str(path)))
    except OSError:
        return  # A read-only installation serves the plain file.

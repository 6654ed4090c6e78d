"""What two clients put on the wire for the same call, made comparable: requests as a flat list of paths and values."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from smile_id_core import Signature

from tests.integration.smile.recorder import Exchange
from tests.integration.smile.simulator import API_KEY, PARTNER_ID

COMPRESSION = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}

Flat = dict[str, Any]


def flattened(exchanges: list[Exchange], names: dict[str, str]) -> Flat:
    """ "upload/partner_params/job_type" -> 4, ... for each request in turn, without what has to differ.

    names: the made-up ids of this run -> what stands for them. A signature becomes its number in the order in which
    new ones appear, after it was checked; of a timestamp the form is left; addresses to upload to become a word.
    """
    return dict(_Run(names).pairs(exchanges))


class _Run:
    def __init__(self, names: dict[str, str]) -> None:
        self._names = dict(names)
        self._signatures: list[str] = []

    def pairs(self, exchanges: list[Exchange]) -> Iterator[tuple[str, Any]]:
        seen = set()
        for exchange in exchanges:
            step = _step(exchange.path)
            # How often a status is asked for depends on the moment, and each question is the first one again.
            if step in seen:
                assert step == "job_status", f"{step} was sent twice"
                continue
            seen.add(step)
            yield f"{step}/method", exchange.method
            yield f"{step}/content type", exchange.headers.get("Content-Type", exchange.headers.get("Content-type"))
            yield f"{step}/length is declared", exchange.headers.get("Content-Length") == str(len(exchange.body))
            if step == "zip":
                self._names[f"http://{exchange.headers['Host']}{exchange.path}"] = "<the address of the zip>"
            body = _unpacked(exchange.body) if step == "zip" else json.loads(exchange.body)
            yield from self._flat(body, step)

    def _flat(self, value: Any, path: str) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict) and value:
            if "signature" in value:
                value = self._numbered(value)
            for name, item in value.items():
                yield from self._flat(item, f"{path}/{name}")
        elif isinstance(value, list) and value:
            for position, item in enumerate(value):
                yield from self._flat(item, f"{path}/{position}")
        else:
            yield path, self._names.get(value, value) if isinstance(value, str) else value

    def _numbered(self, fields: dict[str, Any]) -> dict[str, Any]:
        timestamp, signature = fields["timestamp"], fields["signature"]
        assert Signature(PARTNER_ID, API_KEY).confirm_signature(timestamp, signature)
        if signature not in self._signatures:
            self._signatures.append(signature)
        number = self._signatures.index(signature) + 1
        return {**fields, "timestamp": re.sub(r"\d", "0", timestamp), "signature": f"<signature {number}>"}


def _step(path: str) -> str:
    return "zip" if path.startswith("/uploads/") else urlsplit(path).path.rpartition("/")[2]


def _unpacked(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = [entry for entry in archive.infolist() if entry.filename != "info.json"]
        return {
            "info.json": json.loads(archive.read("info.json")),
            "first entry": archive.infolist()[0].filename,
            "files": [
                {
                    "name": entry.filename,
                    "content": hashlib.sha256(archive.read(entry)).hexdigest()[:8],
                    "compression": COMPRESSION[entry.compress_type],
                }
                for entry in files
            ],
        }

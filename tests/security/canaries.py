"""Values that occur nowhere else, sent through the product like a customer's own, and where they are looked for.

`PLACES` is the list of everything that is kept or said. Whoever adds a place adds one line to it.
"""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from dashboard.backups.making import make_backup
from dashboard.db import utc_now
from dashboard.features import metadata
from dashboard.jobs.name_search.parts import parts_of_name
from tests.conftest import ENCRYPTION_KEY, SECRET_KEY
from tests.factories.images import make_jpeg
from tests.factories.team import PASSWORD
from tests.integration.conftest import API_KEY, Deployment

#: What describes a customer, by the name of its field in forms and in Smile's API.
PERSON = {
    "first_name": "Zyxcanarina",
    "last_name": "Qwertolodu-Canary",
    "dob": "1987-03-29",
    "phone_number": "+2348055512399",
    "postal_address": "17 Canary Wharf Close",
    "postal_code": "84213977",
}
ID_NUMBER = "58203917460"
SHORTEST = 8
IN_PICTURE = b"canary-in-a-comment-of-the-picture"
SECRETS = {
    "api key": API_KEY,
    "added api key": "canary-api-key-that-was-added-4711",
    "secret key": SECRET_KEY,
    "encryption key": ENCRYPTION_KEY,
    "password": PASSWORD,
    "wrong password": "canary wrong password 4712",
    "new password": "canary quite another password 4713",
    "authorization": "canary-authorization-4714",
    "cookie of a sender": "canary-cookie-4715",
    "signature in a header": "canary-header-signature-4716",
}


def make_picture() -> bytes:
    """A JPEG with a comment in it."""
    content = make_jpeg(77, 200, 240)
    comment = b"\xff\xfe" + (len(IN_PICTURE) + 2).to_bytes(2, "big") + IN_PICTURE
    return content[:2] + comment + content[2:]


@dataclass
class Canaries:
    """All that is known by now; flows add what they are given, such as the code of a link."""

    known: dict[str, list[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in (SECRETS | PERSON | {"id_number": ID_NUMBER}).items():
            self.add(name, value)
        for name in ("first_name", "last_name"):  # As a search by name compares them.
            for part in parts_of_name(PERSON[name]):
                if len(part) >= SHORTEST:
                    self.add(f"part of {name}", part)
        self.add_picture(make_picture())

    def add(self, name: str, value: str) -> None:
        assert len(value) >= SHORTEST, f"{name} is too short to be found by"
        self.known.setdefault(name, []).append(value.encode())

    def add_picture(self, content: bytes) -> None:
        """Pieces of it, and of its base64 at each of the three ways that it may begin."""
        self.known.setdefault("picture", []).append(IN_PICTURE)
        for start in (len(content) // 3, len(content) // 2):
            piece = content[start : start + 48]
            self.known["picture"].append(piece)
            self.known["picture"] += [base64.b64encode(piece[shift : shift + 45]) for shift in range(3)]

    def found_in(self, content: bytes, but: frozenset[str] = frozenset()) -> list[str]:
        return [
            name for name, values in self.known.items() if name not in but and any(one in content for one in values)
        ]


def files(deployment: Deployment) -> Iterator[tuple[str, bytes]]:
    """Whatever its processes wrote: database, its WAL, queue, media, and the log of each."""
    for path in sorted(deployment.log_dir.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(deployment.log_dir)), path.read_bytes()


def rows(deployment: Deployment) -> Iterator[tuple[str, bytes]]:
    """Every row as the database gives it, whichever way its files hold it."""
    with deployment.database.reading() as session:
        for table in metadata.sorted_tables:
            for row in session.execute(table.select()).mappings():
                values = [value if isinstance(value, bytes) else str(value).encode() for value in row.values()]
                yield f"table {table.name}", b"\n".join(values)


def backup(deployment: Deployment) -> Iterator[tuple[str, bytes]]:
    """Each part of a backup, unpacked."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "desk.backup"
        make_backup(deployment.database, deployment.settings(), path, utc_now())
        with ZipFile(path) as archive:
            for name in archive.namelist():
                yield f"backup {name}", archive.read(name)


Place = Callable[[Deployment], Iterator[tuple[str, bytes]]]
PLACES: tuple[Place, ...] = (files, rows, backup)


def hits(deployment: Deployment, canaries: Canaries) -> list[str]:
    """Each place where one stands, by name: "web.log: id_number"."""
    return [
        f"{name}: {canary}"
        for place in PLACES
        for name, content in place(deployment)
        for canary in canaries.found_in(content)
    ]

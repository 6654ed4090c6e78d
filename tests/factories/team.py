"""The cast: Ada owns, Ben operates, Cleo views, Dan has left and must see nothing."""

from sqlmodel import select

from dashboard.db import Database, utc_now
from dashboard.team.models import Member
from dashboard.team.passwords import hash_password
from dashboard.team.permissions import Role

PASSWORD = "correct horse battery staple"
CAST = {"ada": Role.OWNER, "ben": Role.OPERATOR, "cleo": Role.VIEWER, "dan": Role.OPERATOR}
# Hashing is slow on purpose; the cast shares one hash.
PASSWORD_HASH = hash_password(PASSWORD)


def make_member(database: Database, name: str) -> Member:
    email = f"{name}@example.com"
    with database.transaction() as session:
        found = session.exec(select(Member).where(Member.email == email)).first()
        if found:
            return found
        now = utc_now()
        member = Member(
            email=email,
            name=name.title(),
            role=CAST[name],
            password_hash=PASSWORD_HASH,
            created_at=now,
            disabled_at=now if name == "dan" else None,
        )
        session.add(member)
        return member

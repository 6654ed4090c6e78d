"""The cast: Ada owns, Ben operates, Cleo views, Dan has left and must see nothing."""

from argon2 import PasswordHasher
from sqlmodel import select

from dashboard.db import Database, utc_now
from dashboard.team import passwords
from dashboard.team.models import Member
from dashboard.team.permissions import Role

# Hashing is slow on purpose, and tests sign in a thousand times: within the test process it costs next to nothing.
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

PASSWORD = "correct horse battery staple"
CAST = {"ada": Role.OWNER, "ben": Role.OPERATOR, "cleo": Role.VIEWER, "dan": Role.OPERATOR}
PASSWORD_HASH = passwords.hash_password(PASSWORD)


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

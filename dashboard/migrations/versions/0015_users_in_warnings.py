"""A row for each customer that a warning of another job names, so that erasing the customer finds it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

WARNING = sa.table("job_warning", sa.column("id", sa.Uuid()), sa.column("facts", sa.JSON()))
USER = sa.table(
    "job_warning_user", sa.column("warning_id", sa.Uuid()), sa.column("user_id", sa.String()), sa.column("place")
)
AT_ONCE = 500


def upgrade() -> None:
    op.create_table(
        "job_warning_user",
        sa.Column("warning_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["warning_id"], ["job_warning.id"]),
        sa.PrimaryKeyConstraint("warning_id", "user_id"),
    )
    op.create_index("ix_job_warning_user_user_id", "job_warning_user", ["user_id"])
    connection, last = op.get_bind(), None
    while True:
        page = sa.select(WARNING.c.id, WARNING.c.facts).order_by(WARNING.c.id).limit(AT_ONCE)
        rows = connection.execute(page if last is None else page.where(WARNING.c.id > last)).all()
        for row_id, facts in rows:
            _move(connection, row_id, dict(facts))
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].id


def _move(connection: sa.Connection, row_id: object, facts: dict[str, object]) -> None:
    users = facts.pop("user_ids", None)
    if not isinstance(users, list):
        return
    named = [{"warning_id": row_id, "user_id": user, "place": place} for place, user in enumerate(dict.fromkeys(users))]
    if named:
        connection.execute(USER.insert(), named)
    connection.execute(WARNING.update().where(WARNING.c.id == row_id).values(facts=facts))


def downgrade() -> None:
    connection = op.get_bind()
    named: dict[object, list[str]] = {}
    for warning_id, user_id in connection.execute(
        sa.select(USER.c.warning_id, USER.c.user_id).order_by(USER.c.warning_id, USER.c.place)
    ):
        named.setdefault(warning_id, []).append(user_id)
    for row_id, users in named.items():
        facts = connection.execute(sa.select(WARNING.c.facts).where(WARNING.c.id == row_id)).scalar_one()
        values = {"facts": facts | {"user_ids": users}}
        connection.execute(WARNING.update().where(WARNING.c.id == row_id).values(**values))
    op.drop_table("job_warning_user")

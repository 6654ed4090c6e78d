"""What ids are searched by: without case, accents, spaces, dashes and leading zeros.

Rows of before are filled by periodic work, which can be resumed; meanwhile search asks the ids themselves too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
FOLDED = {
    "job": ("user_id", "job_id", "smile_job_id", "customer_reference"),
    "link": ("customer_reference", "user_id"),
}
MARKS = {"job": sa.text("user_id_folded IS NULL"), "link": sa.text("customer_reference_folded IS NULL")}


def upgrade() -> None:
    for table, names in FOLDED.items():
        for name in names:
            op.add_column(table, sa.Column(f"{name}_folded", ID_TEXT, nullable=True))
            op.create_index(f"ix_{table}_environment_{name}_folded", table, ["environment", f"{name}_folded"])
        mark = MARKS[table]
        op.create_index(f"ix_{table}_unfolded", table, ["id"], sqlite_where=mark, postgresql_where=mark)
    op.create_index("ix_link_environment_user_id", "link", ["environment", "user_id"])


def downgrade() -> None:
    op.drop_index("ix_link_environment_user_id", "link")
    for table, names in FOLDED.items():
        op.drop_index(f"ix_{table}_unfolded", table)
        for name in names:
            op.drop_index(f"ix_{table}_environment_{name}_folded", table)
            op.drop_column(table, f"{name}_folded")

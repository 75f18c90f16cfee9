"""Say who held a hearing.

A hearing counted whoever had called or held it: a conflict that was named afterwards changed nothing, and nobody could
call another. It says now who held it, and whether a pause took its time.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Add both columns; of hearings that were held before, nobody knows who held them, and they count."""
    with op.batch_alter_table("hearing") as table:
        table.add_column(sa.Column("heard_by_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True))
        table.create_foreign_key("fk_hearing_heard_by", "person", ["heard_by_id"], ["id"])


def downgrade() -> None:
    """Take both back."""
    with op.batch_alter_table("hearing") as table:
        table.drop_constraint("fk_hearing_heard_by", type_="foreignkey")
        table.drop_column("lapsed_at")
        table.drop_column("heard_by_id")

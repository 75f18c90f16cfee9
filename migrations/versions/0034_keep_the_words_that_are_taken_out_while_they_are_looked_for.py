"""Keep the words that are taken out of a copy for as long as it is looked through: they are looked for in all of it.

What was taken out before is not known any more, and is looked for nowhere.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("access_redaction") as table:
        table.add_column(sa.Column("words", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("access_redaction") as table:
        table.drop_column("words")

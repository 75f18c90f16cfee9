"""Say why somebody else is told.

That a deputy, the next manager up or a substitute is told was the tail of the rule's name. Now it is a word of its own,
which pages and papers can say. Routes from before keep the name that their entries on the timeline have.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the word, empty for everybody who was the first to think of."""
    op.add_column("route", sa.Column("instead", sa.String(length=40), nullable=True))


def downgrade() -> None:
    """Drop it: why somebody else was told then stands on the timeline alone."""
    op.drop_column("route", "instead")

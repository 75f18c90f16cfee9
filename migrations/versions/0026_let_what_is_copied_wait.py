"""Let a file that HR copies wait until it is disclosed.

A file of the case that was copied after the evidence was disclosed could be read by the person at once, though nobody
had said so, and its name may tell who raised it. Now it waits until HR discloses the evidence again, as a file does
that was added in the room. What was copied before is read as it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Add the moment since which it waits."""
    op.add_column("copied", sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take it back. Raises RuntimeError while something waits: the version before would let the person read it."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM copied WHERE waits_since IS NOT NULL")).scalar():
        raise RuntimeError("HR copied a file that the person may not read yet. The version before would show it.")
    with op.batch_alter_table("copied") as copied:
        copied.drop_column("waits_since")

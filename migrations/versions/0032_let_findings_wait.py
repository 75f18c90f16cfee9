"""Let a finding wait until it is disclosed.

Once findings had been disclosed, each that was recorded later could be read by the person at once, though nobody had
said so. Now it waits until HR discloses them again, or calls the person to answer it. What was recorded before is read
as it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Add the moment since which it waits."""
    op.add_column("finding", sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take it back. Raises RuntimeError while something waits: the version before would let the person read it."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM finding WHERE waits_since IS NOT NULL")).scalar():
        raise RuntimeError("There is a finding that the person may not read yet. The version before would show it.")
    with op.batch_alter_table("finding") as finding:
        finding.drop_column("waits_since")

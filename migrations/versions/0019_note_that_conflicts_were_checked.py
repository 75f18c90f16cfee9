"""Note that conflicts were checked.

Whoever refers a case to HR confirms that nobody who handles it has a part in it. Of referrals made before this, nobody
knows whether that was asked.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Make room for the moment."""
    op.add_column("referral", sa.Column("conflict_checked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop it; that a case was referred, and by whom, stays."""
    op.drop_column("referral", "conflict_checked_at")

"""Keep what was asked before posting.

Whoever reports a mistake may name a question of theirs that was answered before. What the answer was, and when, is
copied into the case: the question is kept for a year only, and not everybody who reads the case may read it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ADDED: dict[str, sa.types.TypeEngine] = {
    "guidance_case": sa.String(length=20),
    "guidance_at": sa.DateTime(timezone=True),
    "guidance_answer": sa.Text(),
}


def upgrade() -> None:
    """Make room for the copy."""
    for name, kind in ADDED.items():
        op.add_column("case_file", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Drop it; that guidance was sought, and from whom, stays."""
    for name in reversed(ADDED):
        op.drop_column("case_file", name)

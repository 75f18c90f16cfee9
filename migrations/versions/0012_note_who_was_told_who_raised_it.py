"""Note who was told who raised it.

HR, or the lead of the desk that holds a concern, may be told who raised it in confidence. From then on they alone are
shown the name, so that it stands in a row of its own to whom it was revealed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "revealed",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("case_id", "person_id"),
    )


def downgrade() -> None:
    """Drop it: nobody is shown a name any more. That it was revealed stays on the timeline."""
    op.drop_table("revealed")

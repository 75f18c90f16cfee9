"""Keep files in the HR room.

A file belongs to a case or to a referral, never to both: what HR adds in its room must not be found from the case. A
file of a room says since when the person it is about may read it: one that is added after the evidence was disclosed
waits until HR discloses it again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

ONE_RECORD = "(case_id IS NULL) <> (referral_id IS NULL)"


def upgrade() -> None:
    """Let a file belong to a referral."""
    with op.batch_alter_table("evidence") as evidence:
        evidence.add_column(sa.Column("referral_id", sa.Integer(), nullable=True))
        evidence.add_column(sa.Column("disclosed_at", sa.DateTime(timezone=True), nullable=True))
        evidence.alter_column("case_id", existing_type=sa.Integer(), nullable=True)
        evidence.create_foreign_key("fk_evidence_referral", "referral", ["referral_id"], ["id"])
        evidence.create_check_constraint("ck_evidence_one_record", ONE_RECORD)
    op.create_index("ix_evidence_referral_id", "evidence", ["referral_id"])


def downgrade() -> None:
    """Take it back. Raises RuntimeError while a room holds a file: the table before has no place for it."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM evidence WHERE case_id IS NULL")).scalar():
        raise RuntimeError("The HR room holds a file. The version before this has no place for it.")
    op.drop_index("ix_evidence_referral_id", "evidence")
    with op.batch_alter_table("evidence") as evidence:
        evidence.drop_constraint("ck_evidence_one_record", type_="check")
        evidence.drop_constraint("fk_evidence_referral", type_="foreignkey")
        evidence.alter_column("case_id", existing_type=sa.Integer(), nullable=False)
        evidence.drop_column("disclosed_at")
        evidence.drop_column("referral_id")

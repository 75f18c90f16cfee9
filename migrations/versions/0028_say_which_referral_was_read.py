"""Say which referral was read.

A line of the read log named its referral by the reference, where it named it at all: that whom it is about had opened a
file of the room outlived the referral. A line says now of which referral it is, and may go with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

LINES = "EXISTS (SELECT 1 FROM read_watch WHERE OLD.at < read_watch.cleared_until)"
OF_CASE = "EXISTS (SELECT 1 FROM case_file WHERE case_file.id = OLD.case_id AND case_file.disposed_at IS NOT NULL)"
NAMED = "referral.reference = OLD.detail AND referral.case_id = OLD.case_id"


def upgrade() -> None:
    """Add the column, and let the lines of what is destroyed go by it."""
    # By number alone: the log outlasts whatever it tells of.
    op.add_column("read_entry", sa.Column("referral_id", sa.Integer(), nullable=True))
    _let_lines_go(f"(({NAMED}) OR referral.id = OLD.referral_id)")


def downgrade() -> None:
    """Take it back: lines are known by the reference again."""
    _let_lines_go(NAMED)
    op.drop_column("read_entry", "referral_id")


def _let_lines_go(of_referral: str) -> None:
    destroyed = f"EXISTS (SELECT 1 FROM referral WHERE {of_referral} AND referral.disposed_at IS NOT NULL)"
    when = f"{LINES} OR {OF_CASE} OR {destroyed}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER read_entry_refuses_delete")
        op.execute(
            f"CREATE TRIGGER read_entry_refuses_delete BEFORE DELETE ON read_entry WHEN NOT ({when}) "
            "BEGIN SELECT RAISE(ABORT, 'read_entry is append-only'); END"
        )
    else:
        op.execute(
            "CREATE OR REPLACE FUNCTION refuse_early_clearing() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {when} THEN RETURN OLD; END IF; "
            "RAISE EXCEPTION 'read_entry is append-only' USING ERRCODE = 'restrict_violation'; END $$"
        )

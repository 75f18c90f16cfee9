"""Let referrals go, each by its own rule.

A referral says whether it is kept for legal reasons, who approved that it is destroyed and under which rule, and when
that was done. What is destroyed names nobody any more, so whoever referred it may be nobody; and a line of the read log
may go once the referral that it names is destroyed. A tombstone says whether somebody at its desk was walled off from
it, so that they do not find out by it. What is gathered for somebody may come from a referral, and be a letter.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

MOMENT = sa.DateTime(timezone=True)
COLUMNS: dict[str, sa.types.TypeEngine] = {
    "held_at": MOMENT,
    "held_because": sa.Text(),
    "disposal_asked_at": MOMENT,
    # By number alone, as on a case.
    "disposal_asked_by_id": sa.Integer(),
    "disposal_rule": sa.String(length=60),
    "disposed_at": MOMENT,
}
LINES = "EXISTS (SELECT 1 FROM read_watch WHERE OLD.at < read_watch.cleared_until)"
OF_CASE = "EXISTS (SELECT 1 FROM case_file WHERE case_file.id = OLD.case_id AND case_file.disposed_at IS NOT NULL)"
OF_REFERRAL = (
    "EXISTS (SELECT 1 FROM referral WHERE referral.reference = OLD.detail AND referral.case_id = OLD.case_id "
    "AND referral.disposed_at IS NOT NULL)"
)


def upgrade() -> None:
    """Add the columns, and let the lines of what is destroyed go."""
    for name, kind in COLUMNS.items():
        op.add_column("referral", sa.Column(name, kind, nullable=True))
    for table in ("referral", "case_file"):
        op.add_column(table, sa.Column("kept_apart", sa.Boolean(), nullable=True))
    # Nobody knows any more who had a part in what is destroyed already.
    op.execute("UPDATE case_file SET kept_apart = true WHERE disposed_at IS NOT NULL")
    with op.batch_alter_table("referral") as referral:
        referral.alter_column("referred_by_id", existing_type=sa.Integer(), nullable=True)
    for name in ("referral_id", "letter_id"):
        op.add_column("access_item", sa.Column(name, sa.Integer(), nullable=True))
    op.create_index("ix_access_item_referral_id", "access_item", ["referral_id"])
    _let_lines_go(f"{LINES} OR {OF_CASE} OR {OF_REFERRAL}")


def downgrade() -> None:
    """Take them back. Raises RuntimeError where a referral is destroyed: the version before would call it broken."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM referral WHERE disposed_at IS NOT NULL")).scalar():
        raise RuntimeError("A referral is destroyed. The version before this has no place for what is left of it.")
    _let_lines_go(f"{LINES} OR {OF_CASE}")
    op.drop_index("ix_access_item_referral_id", "access_item")
    for name in ("letter_id", "referral_id"):
        op.drop_column("access_item", name)
    with op.batch_alter_table("referral") as referral:
        referral.alter_column("referred_by_id", existing_type=sa.Integer(), nullable=False)
    for table in ("case_file", "referral"):
        op.drop_column(table, "kept_apart")
    for name in reversed(COLUMNS):
        op.drop_column("referral", name)


def _let_lines_go(when: str) -> None:
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

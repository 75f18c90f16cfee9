"""Open the HR room.

A referral has a life of its own: people who are appointed, findings, hearings, an outcome and an appeal, each in a
table of its own, and a timeline in the one log. An entry therefore belongs to a case or to a referral. What waits
for somebody, and the message that says so, may be about a referral too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

MOMENT = sa.DateTime(timezone=True)
ADDED: dict[str, sa.types.TypeEngine] = {
    "accepted_at": MOMENT,
    "returned_at": MOMENT,
    "returned_because": sa.Text(),
    "fact_finding_at": MOMENT,
    "informed_at": MOMENT,
    "informed_text": sa.Text(),
    "informal_at": MOMENT,
    "informal_because": sa.Text(),
    "considered_at": MOMENT,
    "considered_text": sa.Text(),
    "outcome": sa.String(length=40),
    "outcome_reason": sa.Text(),
    "decided_at": MOMENT,
    "appeal_by": MOMENT,
    "warning_until": MOMENT,
    "warning_expired_at": MOMENT,
    "paused_at": MOMENT,
    "paused_because": sa.Text(),
    "closed_at": MOMENT,
    "accept_by": MOMENT,
    "next_due_at": MOMENT,
    "next_due_what": sa.String(length=60),
    "ripe_at": MOMENT,
}
TABLES = (
    "appeal",
    "appointment",
    "copied",
    "finding",
    "hearing",
    "paper",
    "referral_alarm",
    "referral_note",
    "suspension",
)
# As migrations 0003 and 0014 made them on SQLite: they go with the table that is copied to be changed.
KEPT = "position, case_id, sequence, kind, at, audience, commitments, previous, hash"
SAME_CASE = "case_id = NEW.case_id AND sequence = NEW.sequence"
SAME_REFERRAL = "referral_id = NEW.referral_id AND sequence = NEW.sequence"
ONE_RECORD = "(case_id IS NULL) <> (referral_id IS NULL)"


def upgrade() -> None:
    """Make the tables, and let an entry belong to a referral."""
    op.create_table(
        "appeal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "appointment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("from_at", MOMENT, nullable=False),
        sa.Column("until_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "copied",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.Column("evidence_id", sa.String(length=None), nullable=True),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"]),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("evidence_ids", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "hearing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("appeal", sa.Boolean(), nullable=False),
        sa.Column("invited_at", MOMENT, nullable=False),
        sa.Column("hearing_at", MOMENT, nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("states", sa.JSON(), nullable=False),
        sa.Column("postponed_because", sa.Text(), nullable=True),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("present", sa.JSON(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("how", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "referral_alarm",
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("clock", sa.String(length=100), nullable=False),
        sa.Column("ring", sa.String(length=20), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
        sa.PrimaryKeyConstraint("referral_id", "clock", "ring"),
    )
    op.create_table(
        "referral_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "suspension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_at", MOMENT, nullable=False),
        sa.Column("review_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_appeal_referral_id", "appeal", ["referral_id"])
    op.create_index("ix_appointment_person_id", "appointment", ["person_id"])
    op.create_index("ix_appointment_referral", "appointment", ["referral_id", "person_id"])
    op.create_index("ix_copied_referral_id", "copied", ["referral_id"])
    op.create_index("ix_finding_referral_id", "finding", ["referral_id"])
    op.create_index("ix_hearing_referral_id", "hearing", ["referral_id"])
    op.create_index("ix_paper_referral_id", "paper", ["referral_id"])
    op.create_index("ix_referral_note_referral_id", "referral_note", ["referral_id"])
    op.create_index("ix_suspension_referral_id", "suspension", ["referral_id"])
    op.add_column("referral", sa.Column("entries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("referral", sa.Column("last_hash", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("referral", sa.Column("disclosed", sa.JSON(), nullable=False, server_default="[]"))
    for name, kind in ADDED.items():
        op.add_column("referral", sa.Column(name, kind, nullable=True))
    with op.batch_alter_table("referral") as referral:
        for name in ("entries", "last_hash", "disclosed"):
            referral.alter_column(name, server_default=None)
    op.create_index("ix_referral_ripe_at", "referral", ["ripe_at"])
    op.create_index("ix_referral_subject_id", "referral", ["subject_id"])
    op.add_column("referral_decision", sa.Column("returned_at", MOMENT, nullable=True))
    for table in ("notification", "outbox"):
        with op.batch_alter_table(table) as told:
            told.add_column(sa.Column("referral_id", sa.Integer(), nullable=True))
            told.create_foreign_key(f"fk_{table}_referral", "referral", ["referral_id"], ["id"])
        op.create_index(f"ix_{table}_referral_id", table, ["referral_id"])
    with op.batch_alter_table("timeline_entry") as entry:
        entry.add_column(sa.Column("referral_id", sa.Integer(), nullable=True))
        entry.alter_column("case_id", existing_type=sa.Integer(), nullable=True)
        entry.create_foreign_key("fk_timeline_entry_referral", "referral", ["referral_id"], ["id"])
        entry.create_check_constraint("ck_timeline_entry_one_record", ONE_RECORD)
    op.create_index("ix_timeline_entry_referral", "timeline_entry", ["referral_id", "sequence"], unique=True)
    _refuse_rewriting(f"{KEPT}, referral_id", f"({SAME_CASE}) OR ({SAME_REFERRAL})")


def downgrade() -> None:
    """Take them back. Raises RuntimeError while a referral has a timeline: the log would have a hole."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM timeline_entry WHERE case_id IS NULL")).scalar():
        raise RuntimeError("A referral has a timeline of its own. The version before this has no place for it.")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP TRIGGER timeline_entry_is_kept ON timeline_entry")
    op.drop_index("ix_timeline_entry_referral", "timeline_entry")
    with op.batch_alter_table("timeline_entry") as entry:
        entry.drop_constraint("ck_timeline_entry_one_record", type_="check")
        entry.drop_constraint("fk_timeline_entry_referral", type_="foreignkey")
        entry.alter_column("case_id", existing_type=sa.Integer(), nullable=False)
        entry.drop_column("referral_id")
    _refuse_rewriting(KEPT, SAME_CASE, dropped=True)
    for table in ("outbox", "notification"):
        op.drop_index(f"ix_{table}_referral_id", table)
        with op.batch_alter_table(table) as told:
            told.drop_constraint(f"fk_{table}_referral", type_="foreignkey")
            told.drop_column("referral_id")
    op.drop_column("referral_decision", "returned_at")
    op.drop_index("ix_referral_subject_id", "referral")
    op.drop_index("ix_referral_ripe_at", "referral")
    for name in (*reversed(ADDED), "disclosed", "last_hash", "entries"):
        op.drop_column("referral", name)
    for table in reversed(TABLES):
        op.drop_table(table)


def _refuse_rewriting(kept: str, same: str, *, dropped: bool = False) -> None:
    """Let the database refuse to change these columns, to delete an entry, or to put another in its place."""
    if op.get_bind().dialect.name != "sqlite":
        if not dropped:
            op.execute("DROP TRIGGER timeline_entry_is_kept ON timeline_entry")
        op.execute(
            f"CREATE TRIGGER timeline_entry_is_kept BEFORE UPDATE OF {kept} OR DELETE OR TRUNCATE ON timeline_entry "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
        return
    taken = f"EXISTS (SELECT 1 FROM timeline_entry WHERE position = NEW.position OR {same})"
    other = "NEW.actor_id IS NOT NULL AND NEW.actor_id IS NOT OLD.actor_id"
    for name, deed, when in (
        ("update", f"UPDATE OF {kept} ON", ""),
        ("name", "UPDATE OF actor_id ON", f"WHEN {other} "),
        ("delete", "DELETE ON", ""),
        ("replace", "INSERT ON", f"WHEN {taken} "),
    ):
        op.execute(
            f"CREATE TRIGGER timeline_entry_refuses_{name} BEFORE {deed} timeline_entry {when}"
            "BEGIN SELECT RAISE(ABORT, 'timeline_entry is append-only'); END"
        )

"""Take concerns and questions before posting.

Who raises a concern in confidence is kept in a table of its own and nowhere else: the case, its files and its messages
name nobody for them. A desk asks the holder of an account for steps, and says why. What is asked for before posting is
owed by whom it was put to, so its clock stands with the route.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0009"
down_revision = "0008"

MOMENT = sa.DateTime(timezone=True)
ADDED: dict[str, dict[str, sa.types.TypeEngine]] = {
    "case_file": {"about_what": sa.String(length=40), "disclosed_at": MOMENT},
    "step": {"asked_because": sa.Text()},
    "route": {"answer_remind_at": MOMENT, "answer_by": MOMENT, "answered_at": MOMENT},
}
# As migration 0008 made them on SQLite: they go with the table that is copied to be changed.
NEW, OLD = "coalesce(NEW.text, '')", "coalesce(OLD.text, '')"
_HERE = "FROM search_text WHERE source = 'message' AND source_id"
TAKE_OUT = f"INSERT INTO search_index (search_index, rowid, words) SELECT 'delete', id, {OLD} {_HERE} = OLD.id"
PUT_IN = f"INSERT INTO search_index (rowid, words) SELECT id, {NEW} {_HERE} = NEW.id"
WHEN_INSERTED = (
    "CREATE TRIGGER message_is_found AFTER INSERT ON message BEGIN "
    "INSERT INTO search_text (source, source_id, case_id, part, by_id) "
    f"VALUES ('message', NEW.id, NEW.case_id, 'message', NEW.by_id); {PUT_IN}; END"
)
WHEN_UPDATED = (
    f"CREATE TRIGGER message_is_found_anew AFTER UPDATE OF text ON message WHEN {NEW} IS NOT {OLD} "
    f"BEGIN {TAKE_OUT}; {PUT_IN}; END"
)
WHEN_DELETED = (
    f"CREATE TRIGGER message_is_found_no_more AFTER DELETE ON message BEGIN {TAKE_OUT}; "
    "DELETE FROM search_text WHERE source = 'message' AND source_id = OLD.id; END"
)


def upgrade() -> None:
    """Make the table of confidences, and room for what is asked, answered and disclosed."""
    op.create_table(
        "confidence",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("raised", sa.Boolean(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("case_id", "person_id"),
    )
    op.create_index("ix_confidence_person", "confidence", ["person_id", "case_id"])
    for table, columns in ADDED.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=True))
    with _rebuilt("message") as message:
        message.alter_column("by_id", existing_type=sa.Integer(), nullable=True)
        message.add_column(sa.Column("with_id", sa.Integer(), nullable=True))
        message.create_foreign_key("fk_message_with", "person", ["with_id"], ["id"])
    with _rebuilt("evidence") as evidence:
        evidence.alter_column("added_by_id", existing_type=sa.Integer(), nullable=True)


@contextmanager
def _rebuilt(table: str) -> Iterator[BatchOperations]:
    """Change a column where it stands; SQLite can only copy the table, and then needs its triggers again."""
    with op.batch_alter_table(table) as changing:
        yield changing
    if table == "message" and op.get_bind().dialect.name == "sqlite":
        for trigger in (WHEN_INSERTED, WHEN_UPDATED, WHEN_DELETED):
            op.execute(trigger)


def downgrade() -> None:
    """Take them back. Raises RuntimeError while something is kept in confidence: the tables before would lose whose."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM confidence")).scalar():
        raise RuntimeError("A concern was raised in confidence. The version before this has no place for it.")
    with _rebuilt("message") as message:
        message.drop_constraint("fk_message_with", type_="foreignkey")
        message.drop_column("with_id")
        message.alter_column("by_id", existing_type=sa.Integer(), nullable=False)
    with _rebuilt("evidence") as evidence:
        evidence.alter_column("added_by_id", existing_type=sa.Integer(), nullable=False)
    for table, columns in ADDED.items():
        for name in reversed(columns):
            op.drop_column(table, name)
    op.drop_index("ix_confidence_person", "confidence")
    op.drop_table("confidence")

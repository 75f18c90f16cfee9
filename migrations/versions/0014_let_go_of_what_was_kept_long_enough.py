"""Let go of what was kept long enough.

A case says whether it is kept for legal reasons, who approved that it is destroyed and under which rule, and when that
was done. The database goes on refusing to rewrite the timeline and the read log, but for what the law asks: an entry
may lose who did it (its hash commits to that by a value that stands apart), and a line of the read log may go once it
is older than lines are kept, or its case is destroyed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

MOMENT = sa.DateTime(timezone=True)
COLUMNS = ("held_at", "held_because", "disposal_asked_at", "disposal_asked_by_id", "disposal_rule", "disposed_at")
KEPT = "position, case_id, sequence, kind, at, audience, commitments, previous, hash"
LINES = "id, person_id, case_id, what, detail, through, seen_as, at"
MAY_GO = (
    "EXISTS (SELECT 1 FROM read_watch WHERE OLD.at < read_watch.cleared_until) OR "
    "EXISTS (SELECT 1 FROM case_file WHERE case_file.id = OLD.case_id AND case_file.disposed_at IS NOT NULL)"
)

REFUSE_LINE = f"""
CREATE FUNCTION refuse_early_clearing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {MAY_GO} THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'read_entry is append-only' USING ERRCODE = 'restrict_violation';
END
$$
"""
REFUSE_NAME = """
CREATE FUNCTION refuse_another_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.actor_id IS NULL OR NEW.actor_id = OLD.actor_id THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'timeline_entry is append-only' USING ERRCODE = 'restrict_violation';
END
$$
"""


def upgrade() -> None:
    """Add the columns, and let the law's two exceptions through."""
    embedded = op.get_bind().dialect.name == "sqlite"
    op.add_column("case_file", sa.Column("held_at", MOMENT, nullable=True))
    op.add_column("case_file", sa.Column("held_because", sa.Text(), nullable=True))
    op.add_column("case_file", sa.Column("disposal_asked_at", MOMENT, nullable=True))
    # By number alone: a key on it could not be taken back on SQLite without a copy of the table, and nobody is deleted.
    op.add_column("case_file", sa.Column("disposal_asked_by_id", sa.Integer(), nullable=True))
    op.add_column("case_file", sa.Column("disposal_rule", sa.String(length=60), nullable=True))
    op.add_column("case_file", sa.Column("disposed_at", MOMENT, nullable=True))
    for name in ("held", "disposed"):
        only = sa.text(f"{name}_at IS NOT NULL")
        op.create_index(f"ix_case_{name}", "case_file", [f"{name}_at", "id"], sqlite_where=only, postgresql_where=only)
    op.add_column("read_watch", sa.Column("cleared_until", MOMENT, nullable=True))
    if embedded:
        op.execute("DROP TRIGGER timeline_entry_refuses_update")
        _refuse_on_sqlite("timeline_entry_refuses_update", f"UPDATE OF {KEPT} ON timeline_entry", "")
        other = "WHEN NEW.actor_id IS NOT NULL AND NEW.actor_id IS NOT OLD.actor_id "
        _refuse_on_sqlite("timeline_entry_refuses_name", "UPDATE OF actor_id ON timeline_entry", other)
        op.execute("DROP TRIGGER read_entry_refuses_delete")
        _refuse_on_sqlite("read_entry_refuses_delete", "DELETE ON read_entry", f"WHEN NOT ({MAY_GO}) ")
    else:
        op.execute(REFUSE_LINE)
        op.execute(REFUSE_NAME)
        op.execute("DROP TRIGGER timeline_entry_is_kept ON timeline_entry")
        op.execute(
            f"CREATE TRIGGER timeline_entry_is_kept BEFORE UPDATE OF {KEPT} OR DELETE OR TRUNCATE ON timeline_entry "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
        op.execute(
            "CREATE TRIGGER timeline_entry_keeps_names BEFORE UPDATE OF actor_id ON timeline_entry "
            "FOR EACH ROW EXECUTE FUNCTION refuse_another_name()"
        )
        op.execute("DROP TRIGGER read_entry_is_kept ON read_entry")
        op.execute(
            "CREATE TRIGGER read_entry_is_kept BEFORE UPDATE OR TRUNCATE ON read_entry "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
        op.execute(
            "CREATE TRIGGER read_entry_is_cleared BEFORE DELETE ON read_entry "
            "FOR EACH ROW EXECUTE FUNCTION refuse_early_clearing()"
        )


def _refuse_on_sqlite(name: str, deed: str, when: str) -> None:
    table = deed.rpartition(" ")[2]
    op.execute(f"CREATE TRIGGER {name} BEFORE {deed} {when}BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END")


def downgrade() -> None:
    """Refuse everything again, and drop the columns: what was destroyed stays so, and nothing says why any more."""
    embedded = op.get_bind().dialect.name == "sqlite"
    if embedded:
        for trigger in ("timeline_entry_refuses_update", "timeline_entry_refuses_name", "read_entry_refuses_delete"):
            op.execute(f"DROP TRIGGER {trigger}")
        for name, table, deed in (("update", "timeline_entry", "UPDATE"), ("delete", "read_entry", "DELETE")):
            _refuse_on_sqlite(f"{table}_refuses_{name}", f"{deed} ON {table}", "")
    else:
        op.execute("DROP TRIGGER timeline_entry_keeps_names ON timeline_entry")
        op.execute("DROP TRIGGER read_entry_is_cleared ON read_entry")
        for table in ("timeline_entry", "read_entry"):
            op.execute(f"DROP TRIGGER {table}_is_kept ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
            )
        op.execute("DROP FUNCTION refuse_early_clearing()")
        op.execute("DROP FUNCTION refuse_another_name()")
    op.drop_column("read_watch", "cleared_until")
    for name in ("held", "disposed"):
        op.drop_index(f"ix_case_{name}", "case_file")
    for column in reversed(COLUMNS):
        op.drop_column("case_file", column)

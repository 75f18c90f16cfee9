"""What Alembic runs: it works on the connection that `migrations/schema.py` hands over, in that transaction."""

from typing import Any

from alembic import context
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Enum
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from migrations.schema import every_table, newest


def written_as(kind: str, thing: Any, _context: Any) -> str | bool:
    """How a drafted migration spells our types, so that it stands by itself and never imports the records.

    A word of the field is plain text to the database: a new one needs no migration.
    """
    if kind == "type" and isinstance(thing, Enum | AutoString):
        return f"sa.String(length={thing.length})"
    if kind == "type" and isinstance(thing, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def differs(_context: MigrationContext, _there: Any, _wanted: Any, type_there: Any, type_wanted: Any) -> bool | None:
    """Whether a column's type has changed; for a word only its length counts, for the rest Alembic decides."""
    if isinstance(type_wanted, Enum):
        return bool(type_there.length != type_wanted.length)
    return None


def numbered(_context: MigrationContext, _revision: Any, drafts: list[MigrationScript]) -> None:
    """Give a draft the next number as its identity."""
    drafts[0].rev_id = f"{int(newest()) + 1:04}"


def ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether something is of the records. What search is made of is not: it is derived, and differs by engine."""
    return not (kind in ("table", "index") and (name or "").startswith("search_"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=every_table(),
    render_item=written_as,
    include_name=ours,
    compare_type=differs,
    compare_server_default=True,
    render_as_batch=True,
    # SQLite's own statements about tables can be rolled back as well; its driver's old habits are switched off.
    transactional_ddl=True,
    process_revision_directives=numbered,
)
with context.begin_transaction():
    context.run_migrations()

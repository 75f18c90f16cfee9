"""Find what was reported twice, and keep when it was last told how far a post has gone.

A case is found again by keys of its link, its words and its account, and a file by its hash. Cases from before get
theirs here. When exposure was last told stands on the timeline: from there it is brought into the row, so that the two
still agree.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

# The keys have to be the ones that the running code looks for, also after it has learnt another spelling.
from service.cases.likeness import keep_keys
from service.records.cases import Case

revision = "0007"
down_revision = "0006"

AT_ONCE = 500
KEYS = ("link_key", "text_key", "account_key")
TOLD = {
    "post.reach": ("exposure_at",),
    "post.copies": ("exposure_at",),
    "media_interest": ("exposure_at",),
    "post.still_visible": ("exposure_at", "visibility_at"),
}
"""What an entry may say, and which moments it sets."""


def upgrade() -> None:
    """Add the columns and their indexes; fill them for the cases that are there."""
    for name in KEYS:
        op.add_column("case_file", sa.Column(name, sa.String(length=32), nullable=True))
    op.add_column("case_file", sa.Column("said_same_as", sa.String(length=20), nullable=True))
    op.add_column("case_file", sa.Column("scheduled_paused", sa.Boolean(), nullable=True))
    for name in ("exposure_at", "visibility_at", "paused_at"):
        op.add_column("case_file", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    connection = op.get_bind()
    _fill_keys(connection)
    _fill_moments(connection)
    for name, then in (("link", "id"), ("text", "id"), ("account", "reported_at")):
        there = sa.text(f"{name}_key IS NOT NULL")
        op.create_index(
            f"ix_case_{name}", "case_file", [f"{name}_key", then], sqlite_where=there, postgresql_where=there
        )
    there = sa.text("duplicate_of_id IS NOT NULL")
    op.create_index(
        "ix_case_duplicate_of", "case_file", ["duplicate_of_id"], sqlite_where=there, postgresql_where=there
    )
    op.create_index("ix_evidence_sha256", "evidence", ["sha256"])


def downgrade() -> None:
    """Drop them; the facts they are made of stay."""
    op.drop_index("ix_evidence_sha256", "evidence")
    for name in ("duplicate_of", "account", "text", "link"):
        op.drop_index(f"ix_case_{name}", "case_file")
    for name in ("paused_at", "visibility_at", "exposure_at", "scheduled_paused", "said_same_as", *reversed(KEYS)):
        op.drop_column("case_file", name)


def _fill_keys(connection: sa.Connection) -> None:
    facts = sa.text("SELECT id, url, text, platform, handle FROM case_file WHERE id > :last ORDER BY id LIMIT :most")
    written = sa.text(
        "UPDATE case_file SET link_key = :link_key, text_key = :text_key, account_key = :account_key WHERE id = :id"
    )
    for rows in _in_batches(connection, facts):
        filled = []
        for row in rows:
            case = Case(url=row.url, text=row.text, platform=row.platform, handle=row.handle)
            keep_keys(case)
            filled.append({"id": row.id} | {name: getattr(case, name) for name in KEYS})
        connection.execute(written, filled)


def _fill_moments(connection: sa.Connection) -> None:
    entries = sa.text(
        "SELECT position AS id, case_id, at, commitments FROM timeline_entry "
        "WHERE position > :last ORDER BY position LIMIT :most"
    )
    last: dict[int, dict[str, Any]] = {}
    for rows in _in_batches(connection, entries):
        for row in rows:
            said = row.commitments if isinstance(row.commitments, dict) else json.loads(row.commitments)
            moments = {name for path in said for name in TOLD.get(path, ())}
            if moments:
                last.setdefault(row.case_id, {}).update(dict.fromkeys(moments, row.at))
    for name in ("exposure_at", "visibility_at"):
        filled = [{"id": case, "at": moments[name]} for case, moments in last.items() if name in moments]
        if filled:
            connection.execute(sa.text(f"UPDATE case_file SET {name} = :at WHERE id = :id"), filled)


def _in_batches(connection: sa.Connection, statement: sa.TextClause) -> Iterator[Any]:
    last = 0
    while rows := connection.execute(statement, {"last": last, "most": AT_ONCE}).all():
        last = rows[-1].id
        yield rows

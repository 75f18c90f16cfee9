"""Search what is said in a case; keep views of the queue; know who is looking.

What can be searched is kept in step by triggers, so that no deed has to remember it, and a purge reaches it as it
empties a column. Only `search_text` is read by the code: the index on SQLite holds what can be found, never the text,
and takes what is deleted out of its pages at once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

# Each table with words: which part of a case a row is, whose it is, and its words, all of NEW or OLD.
CASE_WORDS = ("reference", "handle", "text", "narrative")
SAID = {
    "case_file": ("'case'", "{row}.id", "NULL", CASE_WORDS),
    "advice": ("'advice'", "{row}.case_id", "{row}.by_id", ("text",)),
    "message": ("'message'", "{row}.case_id", "{row}.by_id", ("text",)),
    "note": ("'note.' || {row}.audience", "{row}.case_id", "{row}.by_id", ("text",)),
}
# As in service/cases/searching.py: what PostgreSQL would read as part of a word or number.
SIGNS = "!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"
BLANKS = " " * (len(SIGNS) - 1)


def upgrade() -> None:
    """Make the tables, index what is there, and keep the index in step from now on."""
    op.create_table(
        "saved_view",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "name"),
    )
    op.create_table(
        "looking",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("case_id", "person_id"),
    )
    op.create_index("ix_looking_until", "looking", ["until"])
    # Every list that is worst first is walked in its order, as that of the open cases is.
    op.create_index("ix_case_worst", "case_file", ["severity_rank", "next_due_at", "id"])
    if op.get_bind().dialect.name == "sqlite":
        _on_sqlite()
    else:
        _on_postgresql()


def _on_sqlite() -> None:
    op.execute(
        "CREATE TABLE search_text (id INTEGER PRIMARY KEY, source TEXT NOT NULL, source_id INTEGER NOT NULL, "
        "case_id INTEGER NOT NULL, part TEXT NOT NULL, by_id INTEGER, UNIQUE (source, source_id))"
    )
    op.execute("CREATE INDEX search_text_case ON search_text (case_id)")
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5(words, content='', columnsize=0, "
        'tokenize="unicode61 remove_diacritics 0")'
    )
    op.execute("INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1)")
    for table, (part, case, author, columns) in SAID.items():
        new, old = _words("NEW", columns), _words("OLD", columns)
        here = f"SELECT id, {{words}} FROM search_text WHERE source = '{table}' AND source_id = {{row}}.id"
        take_out = (
            "INSERT INTO search_index (search_index, rowid, words) "
            f"SELECT 'delete', id, {old} FROM search_text WHERE source = '{table}' AND source_id = OLD.id"
        )
        put_in = f"INSERT INTO search_index (rowid, words) {here.format(words=new, row='NEW')}"
        whose = f"'{table}', {{row}}.id, {case}, {part}, {author}"
        op.execute(
            f"CREATE TRIGGER {table}_is_found AFTER INSERT ON {table} BEGIN "
            "INSERT INTO search_text (source, source_id, case_id, part, by_id) "
            f"VALUES ({whose.format(row='NEW')}); {put_in}; END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_found_anew AFTER UPDATE OF {', '.join(columns)} ON {table} "
            f"WHEN {new} IS NOT {old} BEGIN {take_out}; {put_in}; END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_found_no_more AFTER DELETE ON {table} BEGIN {take_out}; "
            f"DELETE FROM search_text WHERE source = '{table}' AND source_id = OLD.id; END"
        )
        op.execute(
            "INSERT INTO search_text (source, source_id, case_id, part, by_id) "
            f"SELECT {whose.format(row=table)} FROM {table} ORDER BY id"
        )
        op.execute(
            f"INSERT INTO search_index (rowid, words) SELECT s.id, {_words(table, columns)} FROM search_text s "
            f"JOIN {table} ON s.source = '{table}' AND s.source_id = {table}.id"
        )


def _words(row: str, columns: tuple[str, ...]) -> str:
    return " || ' ' || ".join(f"coalesce({row}.{column}, '')" for column in columns)


def _on_postgresql() -> None:
    op.execute(
        "CREATE TABLE search_text (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, source TEXT NOT NULL, "
        "source_id INTEGER NOT NULL, case_id INTEGER NOT NULL, part TEXT NOT NULL, by_id INTEGER, "
        "words TSVECTOR NOT NULL, UNIQUE (source, source_id))"
    )
    for table, (part, case, author, columns) in SAID.items():
        whose = f"'{table}', {{row}}.id, {case}, {part}, {author}, {_vector('{row}', columns)}"
        op.execute(
            "INSERT INTO search_text (source, source_id, case_id, part, by_id, words) "
            f"SELECT {_filled(whose, table)} FROM {table} ORDER BY id"
        )
        op.execute(
            f"CREATE FUNCTION {table}_is_found() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF TG_OP = 'DELETE' THEN "
            f"DELETE FROM search_text WHERE source = '{table}' AND source_id = OLD.id; RETURN OLD; END IF; "
            "INSERT INTO search_text (source, source_id, case_id, part, by_id, words) "
            f"VALUES ({_filled(whose, 'NEW')}) "
            "ON CONFLICT (source, source_id) DO UPDATE SET words = excluded.words; RETURN NEW; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_found AFTER INSERT OR DELETE OR UPDATE OF {', '.join(columns)} "
            f"ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_is_found()"
        )
    op.execute("CREATE INDEX search_text_case ON search_text (case_id)")
    # By sign, as SQLite sorts: a beginning is then a range, which in a language's own order it is not.
    op.execute('CREATE INDEX search_reference ON case_file (reference COLLATE "C")')
    # Without a list of what is still to be indexed: the search that met a long one would pay for it.
    op.execute("CREATE INDEX search_text_words ON search_text USING gin (words) WITH (fastupdate = off)")


def _vector(row: str, columns: tuple[str, ...]) -> str:
    return f"to_tsvector('simple', translate({_words(row, columns)}, '{SIGNS}', '{BLANKS}'))"


def _filled(told: str, row: str) -> str:
    # Not by str.format: among the signs are curly brackets.
    return told.replace("{row}", row)


def downgrade() -> None:
    """Drop them. What was searched is still in its own tables; views and who is looking are lost."""
    embedded = op.get_bind().dialect.name == "sqlite"
    for table in SAID:
        if embedded:
            for trigger in ("is_found", "is_found_anew", "is_found_no_more"):
                op.execute(f"DROP TRIGGER {table}_{trigger}")
        else:
            op.execute(f"DROP TRIGGER {table}_is_found ON {table}")
            op.execute(f"DROP FUNCTION {table}_is_found()")
    if not embedded:
        op.execute("DROP INDEX search_reference")
    if embedded:
        op.execute("DROP TABLE search_index")
    op.execute("DROP TABLE search_text")
    op.drop_index("ix_case_worst", "case_file")
    op.drop_table("looking")
    op.drop_table("saved_view")

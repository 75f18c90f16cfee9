"""Find an answer where it was copied: the search of a mistake looks through it, for whoever reads the mistake.

It is a place of its own beside the words of its case, and there only while there is such an answer. As in 0008, what
can be searched is kept in step by triggers, so that clearing and purging reach it as they empty the column.
"""

from alembic import op

revision = "0015"
down_revision = "0014"

HERE = "source = 'copied_answer' AND source_id"
ROW = "INSERT INTO search_text (source, source_id, case_id, part) SELECT 'copied_answer', {id}, {id}, 'case'"
# As in 0008 and service/cases/searching.py: what PostgreSQL would read as part of a word or number.
SIGNS = "!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"
BLANKS = " " * (len(SIGNS) - 1)


def upgrade() -> None:
    """Index what is there, and keep the index in step from now on."""
    if op.get_bind().dialect.name == "sqlite":
        _on_sqlite()
    else:
        _on_postgresql()


def _on_sqlite() -> None:
    op.execute(f"{ROW.format(id='id')} FROM case_file WHERE guidance_answer IS NOT NULL ORDER BY id")
    op.execute(
        "INSERT INTO search_index (rowid, words) SELECT s.id, c.guidance_answer FROM search_text s "
        "JOIN case_file c ON s.source = 'copied_answer' AND s.source_id = c.id"
    )
    put_in = (
        f"{ROW.format(id='NEW.id')} WHERE NEW.guidance_answer IS NOT NULL; "
        f"INSERT INTO search_index (rowid, words) SELECT id, NEW.guidance_answer FROM search_text WHERE {HERE} = NEW.id"
    )
    take_out = (
        "INSERT INTO search_index (search_index, rowid, words) "
        f"SELECT 'delete', id, OLD.guidance_answer FROM search_text WHERE {HERE} = OLD.id; "
        f"DELETE FROM search_text WHERE {HERE} = OLD.id"
    )
    for name, when, then in (
        ("is_found", "INSERT ON case_file WHEN NEW.guidance_answer IS NOT NULL", put_in),
        (
            "is_found_anew",
            "UPDATE OF guidance_answer ON case_file WHEN NEW.guidance_answer IS NOT OLD.guidance_answer",
            f"{take_out}; {put_in}",
        ),
        ("is_found_no_more", "DELETE ON case_file", take_out),
    ):
        op.execute(f"CREATE TRIGGER copied_answer_{name} AFTER {when} BEGIN {then}; END")


def _on_postgresql() -> None:
    put_in = (
        "INSERT INTO search_text (source, source_id, case_id, part, words) SELECT 'copied_answer', {id}, {id}, 'case', "
    )
    words = f"to_tsvector('simple', translate({{row}}guidance_answer, '{SIGNS}', '{BLANKS}'))"
    op.execute(
        put_in.replace("{id}", "id")
        + words.replace("{row}", "")
        + " FROM case_file WHERE guidance_answer IS NOT NULL ORDER BY id"
    )
    op.execute(
        "CREATE FUNCTION copied_answer_is_found() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN DELETE FROM search_text WHERE {HERE} = OLD.id; END IF; "
        "IF TG_OP <> 'DELETE' THEN "
        + put_in.replace("{id}", "NEW.id")
        + words.replace("{row}", "NEW.")
        + " WHERE NEW.guidance_answer IS NOT NULL; END IF; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER copied_answer_is_found AFTER INSERT ON case_file FOR EACH ROW "
        "WHEN (NEW.guidance_answer IS NOT NULL) EXECUTE FUNCTION copied_answer_is_found()"
    )
    op.execute(
        "CREATE TRIGGER copied_answer_is_found_anew AFTER UPDATE OF guidance_answer ON case_file FOR EACH ROW "
        "WHEN (NEW.guidance_answer IS DISTINCT FROM OLD.guidance_answer) EXECUTE FUNCTION copied_answer_is_found()"
    )
    op.execute(
        "CREATE TRIGGER copied_answer_is_found_no_more AFTER DELETE ON case_file FOR EACH ROW "
        "EXECUTE FUNCTION copied_answer_is_found()"
    )


def downgrade() -> None:
    """Find it no more. The answer stays in the case."""
    embedded = op.get_bind().dialect.name == "sqlite"
    for name in ("is_found", "is_found_anew", "is_found_no_more"):
        op.execute(f"DROP TRIGGER copied_answer_{name}" + ("" if embedded else " ON case_file"))
    if embedded:
        op.execute(
            "INSERT INTO search_index (search_index, rowid, words) SELECT 'delete', s.id, c.guidance_answer "
            "FROM search_text s JOIN case_file c ON s.source = 'copied_answer' AND s.source_id = c.id"
        )
    else:
        op.execute("DROP FUNCTION copied_answer_is_found()")
    op.execute("DELETE FROM search_text WHERE source = 'copied_answer'")

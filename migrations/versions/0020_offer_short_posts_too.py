"""Offer short posts too.

Two reports of *The talks are on Monday* are of one post, and were not offered as such: the words that were compared had
to be longer. The cases that are there get the key of their words anew, so that they find and are found.
"""

import sqlalchemy as sa
from alembic import op

# As in 0010: the keys have to be the ones that the running code looks for.
from service.cases.likeness import keys_of
from service.records.cases import Case

revision = "0020"
down_revision = "0019"

AT_ONCE = 500


def upgrade() -> None:
    """Make the missing keys."""
    connection = op.get_bind()
    short = sa.text(
        "SELECT id, text FROM case_file "
        "WHERE id > :last AND text IS NOT NULL AND text_key IS NULL ORDER BY id LIMIT :most"
    )
    last = 0
    while rows := connection.execute(short, {"last": last, "most": AT_ONCE}).all():
        last = rows[-1].id
        made = [{"case": row.id, "key": keys_of(Case(text=row.text))["text_key"]} for row in rows]
        connection.execute(sa.text("UPDATE case_file SET text_key = :key WHERE id = :case"), made)


def downgrade() -> None:
    """Leave them: more is found than was, and nothing is lost."""

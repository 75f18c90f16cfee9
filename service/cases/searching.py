"""Text search: in references, handles, post texts, narratives, copied answers, advice, messages and notes.

What is indexed is kept in step by the database itself (migrations 0008 and 0015): each case, answer copied into a case,
piece of advice, message and note is one row of `search_text`, which says through whose eyes it is read, and is found by
nobody else; its words stand in an FTS5 table on SQLite and in a tsvector on PostgreSQL. No words are kept twice: the
index holds what can be found, never the text.

A word is looked for as it is, in any case; `word*` finds what begins with it. All words have to stand in one place.
"""

import re
from typing import Any

from sqlalchemy import Select, and_, bindparam, column, false, func, literal_column, or_, select, table, true
from sqlmodel import col

from service.cases import policy
from service.cases.policy import EYES
from service.cases.relations import ME
from service.cases.speaking import READS
from service.cases.view import NOT_OF_A_CONCERN, VISIBLE
from service.core.errors import invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Kind

LOOKED_THROUGH = 1000
"""How many places that hold the words, newest first, a search goes on with: no search may take long, whatever the word.

Of what the reader may not read none counts. Our default.
"""
LEAST_BEGINNING = 3
REFERENCE = re.compile(r"SM-[0-9-]{0,17}", re.IGNORECASE)

TEXT = table("search_text", column("id"), column("case_id"), column("part"), column("by_id"), column("words"))
INDEX = table("search_index", column("rowid"))
# PostgreSQL would read `x-1` as x and the number -1; the triggers take the same signs for blanks.
SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

PARTS: dict[str, frozenset[str]] = {
    eye: frozenset(
        [
            *(("case",) if "narrative" in seen else ()),
            *(("advice",) if "advice" in seen else ()),
            *(("message",) if "messages" in seen else ()),
            *(f"note.{audience}" for audience in READS.get(eye, ())),
        ]
    )
    for eye, seen in VISIBLE.items()
}
"""What is searched for whoever reads through these eyes: exactly what the case shows them."""
NOTES = tuple(sorted({part for parts in PARTS.values() for part in parts if part.startswith("note.")}))


def is_reference(q: str) -> bool:
    """Whether somebody looks for a case by its reference, or by how that begins."""
    return bool(REFERENCE.fullmatch(q.strip()))


def bound(q: str, embedded: bool) -> dict[str, str]:
    """What a search is bound to. Raises Invalid, naming `q`, when there is no word or number in it."""
    if is_reference(q):
        begins = q.strip().upper()
        return {"reference": begins, "reference_end": begins + ":"}
    words = [word for word in q.split() if any(sign.isalnum() for sign in word)]
    if not words:
        raise invalid("q", "Type at least one word or number to look for.")
    return {"words": " ".join(map(_fts5, words)) if embedded else " & ".join(filter(None, map(_tsquery, words)))}


def _begins(word: str) -> bool:
    return word.endswith("*") and len(word.rstrip("*")) >= LEAST_BEGINNING


def _fts5(word: str) -> str:
    quoted = '"' + word.rstrip("*").replace('"', '""') + '"'
    return f"{quoted}*" if _begins(word) else quoted


def _tsquery(word: str) -> str:
    said = word.rstrip("*").translate(str.maketrans(SIGNS, " " * len(SIGNS))).split()
    following = " <-> ".join(f"'{each}'" for each in said)
    return f"({following}{':*' if _begins(word) else ''})" if said else ""


def by_reference(me: Me, embedded: bool) -> Select[Any]:
    """The cases a reader sees whose reference begins so; at most as many as a search looks through."""
    # Both engines have an index in the order of the signs, in which a beginning is a range.
    reference: Any = col(Case.reference) if embedded else col(Case.reference).collate("C")
    found = and_(
        reference >= bindparam("reference", required=True), reference < bindparam("reference_end", required=True)
    )
    return select(col(Case.id)).where(found, policy.sees(me)).order_by(reference).limit(LOOKED_THROUGH)


def by_words(me: Me, few: Any | None, embedded: bool) -> Select[Any]:
    """The cases a reader sees in which something they may read holds the words. Needs `me` and `words`.

    `few` is a statement of the only cases that could be seen, where these are not many: the search starts from them.
    """
    places = select(TEXT.c.case_id).select_from(TEXT.join(INDEX, INDEX.c.rowid == TEXT.c.id) if embedded else TEXT)
    words: Any = bindparam("words", required=True)
    if embedded:
        places = places.where(literal_column("search_index").op("MATCH")(words)).order_by(INDEX.c.rowid.desc())
    else:
        query = func.to_tsquery(literal_column("'simple'"), words)
        places = places.where(TEXT.c.words.op("@@")(query)).order_by(TEXT.c.id.desc())
    places = places.join(Case, col(Case.id) == TEXT.c.case_id).where(_readable(me))
    if few is not None:
        places = places.where(TEXT.c.case_id.in_(few))
    return select(places.limit(LOOKED_THROUGH).subquery().c.case_id)


def _whole(eye: str) -> Any:
    """The words of whoever raised a concern are not searched through eyes that do not read them."""
    kept_back = "narrative" in NOT_OF_A_CONCERN.get(eye, ())
    return or_(TEXT.c.part != "case", col(Case.kind) != Kind.CONCERN) if kept_back else true()


def _readable(me: Me) -> Any:
    """Whether the reader may read a row of `search_text`: by how they stand to the case, or as a note's author."""
    through: dict[str, list[Any]] = {}
    for relation, predicate in policy.relations(me):
        through.setdefault(EYES[relation], []).append(predicate)
    seen = [
        and_(TEXT.c.part.in_(sorted(PARTS[eye])), or_(*predicates), _whole(eye))
        for eye, predicates in through.items()
        # What is read in part is not searched.
        if PARTS.get(eye)
    ]
    own_notes = and_(TEXT.c.part.in_(NOTES), TEXT.c.by_id == ME, policy.sees(me))
    return or_(*seen, own_notes) if seen else false()

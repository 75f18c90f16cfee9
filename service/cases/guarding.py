"""Guarded cases: the holding desk opens their fields, and destroys content that got in before the guard was up."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import insert, select
from sqlmodel import Session, col

from service.cases.free_words import GONE, PLACES, Place, find_place, names_said
from service.cases.gathered import gather_again
from service.cases.likeness import keep_keys
from service.core.errors import Refusal, invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Kind
from service.records.evidence import Evidence
from service.records.subject_access import AccessItem
from service.records.timeline import Outbox
from service.timeline import entries, erasing, outbox

COPY = "guidance.answer"
"""Where a mistake keeps what was answered before posting."""


def open_fields(db: Session, me: Me, case: Case, *, reason: str, at: datetime) -> None:
    """Let words, links and files in again on a guarded case. Raises a Refusal (409) when it is open already."""
    if not case.guarded:
        raise Refusal("This case is not guarded.")
    if case.opened_at is not None:
        raise Refusal("This case is open already.")
    case.opened_at, case.opened_because = at, reason
    entries.add(db, case, "opened", actor=me.id, at=at, changes={"opened_at": (None, at), "reason": (None, reason)})


def purge(db: Session, me: Me, case: Case, *, fields: Sequence[str], reason: str, at: datetime) -> list[Evidence]:
    """Destroy spilt content wherever the record keeps it; the timeline keeps its commitments and still verifies.

    `fields` are JSON paths of `free_words.PLACES`, as in `post.text`, `steps.apologise.public_text`, `messages.3` or
    `evidence.ID`; a referral that HR has received is reached too. Returns the files whose bytes have to go: the outbox
    asks for that once this is committed. Raises Invalid for a field that holds nothing.
    """
    if not case.guarded:
        raise Refusal("Only a guarded case can be purged.")
    # A file before its hash, which goes only after it.
    purged = sorted(set(fields))
    readers: dict[tuple[str, ...], list[str]] = {}
    destroyed: list[Evidence] = []
    for field in purged:
        place, which = find_place(field) or _nothing_in(field)
        files = _mark(db, case, field, at) if field.startswith("evidence.") else []
        destroyed += files
        held = _empty(db, case, place, which)
        # Words that somebody has cleared again are gone from the row, and still on the timeline.
        erased = erasing.erase(db, case, names_said(field, place), place.kind)
        if not (erased or held or files or _goes_with_another(field, purged)):
            _nothing_in(field)
        readers.setdefault(place.audience, []).append(field)
    keep_keys(case)
    for audience, paths in readers.items():
        changes = {"purged": (None, paths), "reason": (None, reason)}
        # That HR is looking at a case, or that somebody is conflicted, is not told by what was destroyed of it.
        entries.add(db, case, "purged", actor=me.id, at=at, changes=changes, audience=audience)
    if case.kind == Kind.ADVICE and any(field.startswith("advice.") for field in purged):
        destroy_copies(db, me, case, reason, at)
    gather_again(db, col(AccessItem.case_id) == case.id, at)
    asked = outbox.to_destroy(case.id, case.version, [file.id for file in destroyed], f"pdf/{case.id}", at)
    db.execute(insert(Outbox), asked)
    return destroyed


def destroy_copies(db: Session, me: Me | None, question: Case, reason: str, at: datetime) -> None:
    """Destroy the answer of a question in each mistake that its author named it in, guarded or not, and say so there.

    Also where it was cleared again: the timeline has it still. Without `me` it is Amends that does it.
    """
    theirs = select(Case).where(col(Case.kind) == Kind.MISTAKE, col(Case.reporter_id) == question.reporter_id)
    for other in db.execute(theirs.order_by(col(Case.id)).with_for_update(key_share=True)).scalars().all():
        said = [(row.fields or {}).get("guidance.case", {}).get("after") for row in entries.of_case(db, other.id)]
        if question.reference not in said:
            continue
        held = _empty(db, other, PLACES[COPY], "")
        if erasing.erase(db, other, {COPY}) or held:
            changes = {"purged": (None, [COPY]), "reason": (None, reason)}
            entries.add(db, other, "purged", actor=me.id if me else None, at=at, changes=changes)
            gather_again(db, col(AccessItem.case_id) == other.id, at)
            db.execute(insert(Outbox), outbox.to_destroy(other.id, other.version, [], f"pdf/{other.id}", at))


def _goes_with_another(field: str, purged: Sequence[str]) -> bool:
    """Whether it was emptied with another of these: a name with its file, a copy with the words that it repeats."""
    places = {other: find_place(other) for other in purged if other != field}
    return any(field.startswith(f"{other}.") or (place and field in place[0].copied) for other, place in places.items())


def _nothing_in(field: str) -> NoReturn:
    raise invalid("fields", f"There is nothing in {field[:100]}.")


def _empty(db: Session, case: Case, place: Place, which: str) -> bool:
    """Empty the place's columns; whether they held anything."""
    gone: set[Any] = set()
    for row, column in _rows(db, case, place, which):
        gone.add(getattr(row, column))
        _blank(db, row, column)
    for path in place.copied:
        for row, column in _rows(db, case, PLACES[path]):
            if getattr(row, column) in gone:
                _blank(db, row, column)
                erasing.erase(db, case, {path})
    return bool(gone)


def _rows(db: Session, case: Case, place: Place, which: str = "") -> Iterable[tuple[Any, str]]:
    """Each row of the case and the column in it that holds something."""
    for table, column in place.columns:
        mine = [case] if table is Case else db.execute(select(table).where(table.case_id == case.id)).scalars().all()
        for row in mine:
            if place.key and str(getattr(row, place.key)) != which:
                continue
            if place.only is not None and getattr(row, place.only[0]) != place.only[1]:
                continue
            if getattr(row, column) not in (None, "", GONE):
                yield row, column


def _blank(db: Session, row: Any, column: str) -> None:
    setattr(row, column, None if row.__table__.c[column].nullable else GONE)
    db.add(row)


def _mark(db: Session, case: Case, field: str, at: datetime) -> list[Evidence]:
    """Mark the file of `evidence.ID` as destroyed. Raises Invalid for the hash of a file that stands."""
    _, which, *name = field.split(".")
    file = db.execute(
        select(Evidence).where(col(Evidence.id) == which, col(Evidence.case_id) == case.id)
    ).scalar_one_or_none()
    if file is None:
        _nothing_in(field)
    elif not name:
        if file.destroyed_at is not None:
            _nothing_in(field)
        file.destroyed_at = at
        db.add(file)
        return [file]
    elif name == ["sha256"] and file.destroyed_at is None:
        raise invalid("fields", "The hash shows that a file is the one that came. Destroy the file as well.")
    return []

"""What should never have been there: files of the HR room that its lead destroys, and what a purge of the case destroys
in the room as well. Copies outlast a change, and never a purge.

The referral's entries keep their commitments, so that its timeline still verifies.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlmodel import Session, col

from service.cases.free_words import GONE
from service.cases.gathered import gather_again
from service.core.errors import invalid
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import LetterKind
from service.records.evidence import Evidence
from service.records.referrals import Copied, Hearing, Letter, Referral
from service.records.subject_access import AccessItem
from service.records.timeline import Outbox
from service.referrals.changes import Changes, put_row
from service.referrals.find import Found, room_files, rows_of
from service.referrals.keep import entries_for_hr
from service.timeline import entries, erasing, outbox

ALLEGED = "referral.allegation"
TYPED_INTO = "when"
"""The part of a letter in which the record has words that somebody typed to the person."""
REPEAT = (LetterKind.INFORMING, LetterKind.INVITATION, LetterKind.OUTCOME)
"""The letters that say what was alleged, or list the evidence."""


def purge(db: Session, me: Me, here: Found, *, fields: Sequence[str], reason: str, at: datetime) -> list[Evidence]:
    """Destroy files that were added in the room, wherever the room names them; their hashes stay. Like a purge of the
    case it does not wait for a legal hold: what must not be kept is not kept for a court either.

    `fields` are `evidence.ID`, as in a case. Returns the files whose bytes have to go: the outbox asks for that once
    this is committed. Raises Invalid for what is no such file, or is destroyed already.
    """
    referral = here.referral
    there = {f"evidence.{file.id}": file for file in room_files(db, referral)}
    for field in fields:
        if field not in there:
            raise invalid("fields", f"There is nothing in {field[:100]}.")
    files = [there[field] for field in sorted(set(fields))]
    named = {said for file in files for said in (file.filename, file.description) if said}
    changes: Changes = {}
    lost: set[str] = set()
    for file in files:
        file.filename, file.description = GONE, None
        changes |= put_row(db, file, destroyed_at=at)
        lost |= {f"files.{file.id}.filename", f"files.{file.id}.description"}
    for row in _hearings_of(db, referral):
        if named & {*(listed := row.states.get("evidence", ()))}:
            # The invitation stands without it, so that its letter can be sent again.
            row.states = row.states | {"evidence": [name for name in listed if name not in named]}
            lost.add(f"hearings.{row.id}.states")
            changes[f"hearings.{row.id}.states"] = (None, row.states)
    lost |= _letters(db, referral, [row for row in _letters_of(db, referral) if _names(row, named)], at)
    erasing.erase(db, referral, lost)
    entries.add(db, referral, "room_purged", actor=me.id, at=at, changes=changes | {"reason": (None, reason)})
    gather_again(db, col(AccessItem.referral_id) == referral.id, at)
    asked = outbox.to_destroy_under(papers_of(referral), at, [file.id for file in files])
    db.execute(insert(Outbox), asked)
    return files


def papers_of(referral: Referral) -> str:
    """Under which prefix the store keeps a referral's bundles and summaries."""
    return f"pdf/{referral.case_id}/{referral.id}"


def destroy_copied(db: Session, case: Case, fields: list[str], at: datetime) -> None:
    """Empty each copied piece of which something was destroyed in the case just now, and what repeats it. Copies are
    emptied as a whole.
    """
    # Under their locks first: what somebody copies at this moment is there then, or is copied without it.
    mine = select(Referral).where(col(Referral.case_id) == case.id).order_by(col(Referral.id))
    referrals = db.execute(mine.with_for_update(key_share=True)).scalars().all()
    told = entries_for_hr(db, case)
    files = select(col(Evidence.id)).where(col(Evidence.case_id) == case.id, col(Evidence.destroyed_at).is_not(None))
    gone = set(db.execute(files).scalars())
    for referral in referrals:
        lost: set[str] = set()
        for piece in rows_of(db, Copied, referral):
            now = told.get(piece.entry or 0, {}).get("changes", ())
            if piece.said and (piece.evidence_id in gone or any(change["erased"] for change in now)):
                piece.said = {}
                lost.add(f"copied.{piece.id}.said")
        if any(field == ALLEGED or field.startswith("evidence.") for field in fields):
            for row in _hearings_of(db, referral):
                row.states = {}
                lost.add(f"hearings.{row.id}.states")
            repeat = [row for row in _letters_of(db, referral) if row.kind in REPEAT]
            lost |= _letters(db, referral, repeat, at)
        if lost:
            erasing.erase(db, referral, lost)


def _hearings_of(db: Session, referral: Referral) -> list[Hearing]:
    """The hearings whose invitation still states something."""
    return [row for row in rows_of(db, Hearing, referral) if row.states]


def _letters_of(db: Session, referral: Referral) -> list[Letter]:
    """The letters that still say something."""
    return [row for row in rows_of(db, Letter, referral) if row.says]


def _names(letter: Letter, said: set[str]) -> bool:
    """Whether a letter lists one of these, or has it among the words that somebody typed."""
    listed = {text for texts in letter.says.values() for text in texts}
    typed = [*letter.says.get(TYPED_INTO, ()), *letter.wording.values()]
    return bool(listed & said) or any(each in text for each in said for text in typed)


def _letters(db: Session, referral: Referral, rows: list[Letter], at: datetime) -> set[str]:
    """Empty these letters, and have their PDFs destroyed; returns what entries call it."""
    for row in rows:
        row.wording, row.says = {}, {}
        about = f"{referral.reference}:{row.kind}:{row.number}"
        asked = outbox.to_do("destroy", about, at, evidence=[], prefix=row.key.rpartition("/")[0])
        db.execute(insert(Outbox), [asked])
    return {f"letters.{row.id}.{name}" for row in rows for name in ("wording", "says")}

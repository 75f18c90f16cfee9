"""The bundle and the summary of a referral over HTTP: gathered through the eyes of their reader, kept by content."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from litestar.response import Response
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from service.core.clock import LONDON
from service.core.errors import NotFound, NotPermitted, Refusal, invalid
from service.core.folders import folder
from service.core.storage import Store
from service.documents import bundle_parts
from service.documents.bindery import Making
from service.documents.bundle import key_of, plan, said_of, summary
from service.documents.bundle_parts import Redact
from service.documents.exhibits import MOST_LETTERS, MOST_LINES, Files
from service.documents.leaves import bound, opened
from service.documents.pool import DocumentNotMade
from service.evidence.places import original_key, preview_key
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Part
from service.records.papers import PaperBeingMade
from service.records.people import Person
from service.records.referrals import Referral
from service.referrals import bundle, their_copy
from service.referrals.bundle import BUNDLE, SUMMARY
from service.referrals.find import Found, case_of, find_referral
from service.referrals.view import referral_view, timeline
from service.subject_access.of_referrals import in_referral
from service.subject_access.others import redactor_for
from service.subject_access.third_parties import redacted
from service.web.letters import LONGEST_WAIT, Kept, handed
from service.web.visit import House

TITLES = {BUNDLE: "Bundle for the hearing", SUMMARY: "Summary of the referral"}
READERS = {
    bundle.HR: "Human Resources and those who hear it",
    bundle.SUBJECT: "the person it is about",
}
MOST_BYTES = 4 * MOST_LETTERS + 4
CHANGED = "Something changed while it was made. Ask for it again."


def copy_for(wanted: str | None, here: Found, kind: str) -> str:
    """The copy asked for, or the reader's own. Raises NotFound where there is none yet, Invalid for an unknown one, and
    NotPermitted for another's.
    """
    allowed = bundle.copies(here, kind)
    if not allowed:
        raise NotFound
    if wanted is not None and wanted not in READERS:
        raise invalid("audience", f"Choose one of: {', '.join(READERS)}.")
    if wanted is not None and wanted not in allowed:
        raise NotPermitted("This copy is for somebody else, or is not there yet.")
    return wanted or allowed[0]


def place_of(db: Session, here: Found, kind: str, copy: str) -> str:
    """Under which key a copy is kept, as it stands now."""
    return _place(here, kind, _identifier(db, here, kind, copy))


def _identifier(db: Session, here: Found, kind: str, copy: str) -> str:
    return key_of(kind, bundle.state_of(db, here, copy))


def _place(here: Found, kind: str, identifier: str) -> str:
    return f"pdf/{here.referral.case_id}/{here.referral.id}/{kind}-{identifier}.pdf"


def made_by(
    db: Session, house: House, me: Me, here: Found, kind: str, copy: str, at: datetime
) -> tuple[str, Callable[[Making], None]]:
    """Where a copy is kept, and how it is made: read now as its own reader would read it, with others out of theirs."""
    referral, case, store = here.referral, case_of(db, here.referral), house.store
    identifier = _identifier(db, here, kind, copy)
    kept_at = _place(here, kind, identifier)
    seen = bundle.as_read_by(here, copy)
    view = referral_view(db, me, seen, at)
    about = db.get(Person, referral.subject_id) if referral.subject_id is not None else None
    zone = about.zone if about and copy == bundle.SUBJECT else LONDON
    who = {"about": about.name if about else None, "hears": _hears(view)}
    redact = _redaction(db, about, referral) if copy == bundle.SUBJECT and about else _whole
    exhibits = bundle.exhibits(db, seen) if kind == BUNDLE else []
    told = {
        "reference": referral.reference,
        "title": TITLES[kind],
        "short": kind == SUMMARY,
        "for_whom": READERS[copy],
        "zone": zone,
        "cover": [list(row) for row in bundle_parts.cover(view, who, zone) if row[1]] if kind == BUNDLE else [],
        "left_out": bundle.left_out(here, copy),
        "numbers": {each["id"]: each["number"] for each in exhibits},
    }
    said = said_of(told, at, identifier, redact)
    source = _Source(db.get_bind().engine, referral.id, (referral.version, case.version))

    if kind == SUMMARY:
        document = summary(said, bundle_parts.summary(view, who, zone), redact)
        return kept_at, lambda _: source.keep(store, kept_at, house.pool.submit(document).result())
    sections = bundle_parts.sections(view, timeline(db, seen), bundle.letters_in_full(db, referral), zone)

    def bind(making: Making) -> None:
        with folder() as opened_in:
            files = _FilesRead(store, opened_in)
            try:
                shown = opened(house.pool, exhibits, files.original, files.folder, making)
                planned = plan(said, sections, shown, Files(files.text, files.picture), redact)
                bound(house.pool, planned, making, lambda made: source.keep(store, kept_at, made))
            except NotFound:
                # A file of it was destroyed before its turn came.
                source.require_unchanged()
                raise

    return kept_at, bind


def pdf(
    db: Session, house: House, me: Me, now: datetime, reference: str, kind: str, wanted: str | None, through: str
) -> Response:
    """Find the referral, make or fetch its paper outside any transaction, note the look, hand it over."""
    here = find_referral(db, me, reference)
    copy = copy_for(wanted, here, kind)
    kept_at = place_of(db, here, kind, copy)
    if not house.store.exists(kept_at):
        kept_at, make = made_by(db, house, me, here, kind, copy, now)
        db.close()
        try:
            house.bindery.begin(kept_at, make)
            house.bindery.wait(kept_at, LONGEST_WAIT)
        except TimeoutError as wrong:
            raise Refusal("Making the PDF takes longer than usual. Try again in a minute.") from wrong
        except DocumentNotMade as wrong:
            # Where another process made it, nobody here knows why it did not.
            if place_of(db, find_referral(db, me, reference), kind, copy) != kept_at:
                raise Refusal(CHANGED) from wrong
            raise
    if not here.in_the_room:
        their_copy.note_given(db, here.referral, now)
    try:
        return handed(db, me, here, Kept(house.store, kept_at), f"{kind}-{copy}", through, now)
    except NotFound as gone:
        # A purge took it since, or whoever made it has ended.
        raise Refusal(CHANGED) from gone


def papers(db: Session, house: House, me: Me, here: Found, at: datetime, make: str | None) -> list[dict[str, Any]]:
    """The papers that a reader may have, each with how it stands; the one named in `make` (`bundle.hr`) is begun."""
    shown = []
    for kind in TITLES:
        for copy in bundle.copies(here, kind):
            name, kept_at = f"{kind}.{copy}", place_of(db, here, kind, copy)
            # In this order: it is kept before it is no longer being made.
            making = house.bindery.making(db, kept_at)
            size = house.store.size(kept_at) if house.store.exists(kept_at) else None
            if size is None and make == name:
                house.bindery.begin(*made_by(db, house, me, here, kind, copy, at))
                making = PaperBeingMade(key=kept_at, told_at=at)
            state = (
                "ready" if size is not None else "none" if making is None else "failed" if making.failed else "making"
            )
            told: dict[str, Any] = {"title": TITLES[kind], "for_whom": READERS[copy]}
            told |= {"name": name, "state": state, "size": size, "path": f"{kind}.pdf?audience={copy}"}
            shown.append(told | ({"done": making.done, "total": making.total} if making else {}))
    return shown


def _hears(view: Mapping[str, Any]) -> str | None:
    people = [each for each in view.get("appointments", ()) if each["until"] is None]
    named = {each["part"]: each["name"] for each in people if each["part"] != Part.INVESTIGATOR}
    return ", ".join(named.values()) or None


def _whole(value: Any) -> Any:
    return value


def _redaction(db: Session, about: Person, referral: Referral) -> Redact:
    """What takes others out of all that is laid out; and out of the names of files, whose words run together."""
    redact = in_referral(db, redactor_for(db, about), referral)
    return lambda value: redacted(value, redact)


@dataclass(frozen=True)
class _Source:
    """What a paper was gathered from: a referral and its case, each in a version."""

    engine: Engine
    referral_id: int
    versions: tuple[int, int]

    def require_unchanged(self) -> None:
        """Raise a Refusal (409) where either has moved on since."""
        now = select(col(Referral.version), col(Case.version)).join(Case, col(Case.id) == col(Referral.case_id))
        with self.engine.connect() as connection:
            if tuple(connection.execute(now.where(col(Referral.id) == self.referral_id)).one()) != self.versions:
                raise Refusal(CHANGED)

    def keep(self, store: Store, key: str, made: bytes | Path) -> None:
        """Keep the paper. Raises a Refusal (409) where what it was gathered from moved on."""
        # Kept after a purge, it would have the purged words for good; and keeping it takes a while as well.
        self.require_unchanged()
        store.keep(key, made)
        try:
            self.require_unchanged()
        except Refusal:
            store.destroy(key)
            raise


@dataclass(frozen=True)
class _FilesRead:
    """The files of a bundle that is made: in the store, and in a folder what was opened of them."""

    store: Store
    folder: Path

    def original(self, file_id: str) -> Iterator[bytes]:
        """A file as it is."""
        return self.store.stream(original_key(file_id))

    def picture(self, name: str) -> bytes:
        """A picture in small, or a page of a file."""
        page = self.folder / f"{name}.jpg"
        return page.read_bytes() if page.exists() else self.store.read(preview_key(name))

    def text(self, file_id: str) -> tuple[str, bool]:
        """As much of a text as is printed, and whether it goes on after that."""
        kept, opened_as = bytearray(), self.folder / file_id
        for piece in [opened_as.read_bytes()] if opened_as.exists() else self.original(file_id):
            kept += piece
            if len(kept) > MOST_BYTES:
                break
        whole = kept.decode("utf-8-sig", "replace")
        begins = "\n".join(whole[:MOST_LETTERS].split("\n")[:MOST_LINES])
        return begins, len(begins) < len(whole)

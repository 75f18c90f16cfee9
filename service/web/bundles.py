"""The bundle and the summary of a referral over HTTP: gathered through the eyes of their reader, kept by content."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from litestar.response import Response
from sqlalchemy import Engine
from sqlmodel import Session

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
from service.records.enums import Part
from service.records.papers import PaperBeingMade
from service.records.people import Person
from service.records.referrals import Referral
from service.referrals import bundle, their_copy
from service.referrals.bundle import BUNDLE, SUMMARY, Reach
from service.referrals.find import Found, case_of, find_referral
from service.referrals.spill import papers_of
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
REACH = re.compile(r"([0-9]{1,9})-([0-9]{1,9})\.pdf")
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


@dataclass(frozen=True)
class Place:
    """Where a copy lies that goes so far; how its key begins is that of every copy with the same names in it."""

    beginning: str
    reach: Reach

    @property
    def key(self) -> str:
        """What it is kept under."""
        return f"{self.beginning}{self.reach.entries}-{self.reach.of_case}.pdf"

    def beside(self, key: str) -> "Place | None":
        """Another copy of the same, by its key."""
        said = REACH.fullmatch(key.removeprefix(self.beginning)) if key.startswith(self.beginning) else None
        return Place(self.beginning, Reach(int(said[1]), int(said[2]))) if said else None


def place_of(db: Session, here: Found, kind: str, copy: str) -> Place:
    """Where a copy is kept that is gathered now."""
    names = key_of(kind, bundle.names_in(db, here, copy))[:32]
    return Place(f"{papers_of(here.referral)}/{kind}-{copy}-{names}-", bundle.reach_of(db, here.referral))


def _last(db: Session, here: Found, copy: str, now: Place, keys: Iterable[str]) -> Place | None:
    """The newest of these copies, if it may be given still; where it may not, no older one may."""
    there = [place for key in keys if (place := now.beside(key))]
    last = max(there, key=lambda place: place.reach, default=None)
    return last if last and not _is_void(db, here, copy, last.reach) else None


def _is_void(db: Session, here: Found, copy: str, reach: Reach) -> bool:
    return bundle.is_void(db, here.referral.id, here.referral.case_id, copy, reach)


def made_by(
    house: House, me: Me, reference: str, kind: str, copy: str, at: datetime
) -> tuple[Place, Callable[[Making], None]]:
    """Where a copy is kept, and how it is made: as its own reader reads it at one moment, with others out of theirs."""
    with house.database.snapshot() as db:
        return _made_by(db, house, me, find_referral(db, me, reference), kind, copy, at)


def _made_by(
    db: Session, house: House, me: Me, here: Found, kind: str, copy: str, at: datetime
) -> tuple[Place, Callable[[Making], None]]:
    referral, case, store = here.referral, case_of(db, here.referral), house.store
    place = place_of(db, here, kind, copy)
    kept_at, identifier = place.key, key_of(place.key, [referral.last_hash, case.last_hash])
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
    source = _Source(db.get_bind().engine, here, copy, place.reach)

    if kind == SUMMARY:
        document = summary(said, bundle_parts.summary(view, who, zone), redact)
        return place, lambda _: source.keep(store, kept_at, house.pool.submit(document).result())
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
                source.require_given()
                raise

    return place, bind


def pdf(
    db: Session,
    house: House,
    me: Me,
    now: datetime,
    reference: str,
    kind: str,
    wanted: str | None,
    through: str,
    before: str = "",
) -> Response:
    """Find the referral, make or fetch its paper outside any transaction, note the look, hand it over.

    `before` is the reach of a copy that was made before; where it is there no more, or is void, one is made of now.
    """
    here = find_referral(db, me, reference)
    copy = copy_for(wanted, here, kind)
    place = place_of(db, here, kind, copy)
    asked = place.beside(f"{place.beginning}{before}.pdf")
    if asked and house.store.exists(asked.key) and not _is_void(db, here, copy, asked.reach):
        place = asked
    if not house.store.exists(place.key):
        place, make = made_by(house, me, reference, kind, copy, now)
        db.close()
        try:
            house.bindery.begin(place.key, make)
            house.bindery.wait(place.key, LONGEST_WAIT)
        except TimeoutError as wrong:
            raise Refusal("Making the PDF takes longer than usual. Try again in a minute.") from wrong
        except DocumentNotMade as wrong:
            # Where another process made it, nobody here knows why it did not.
            if _is_void(db, here, copy, place.reach):
                raise Refusal(CHANGED) from wrong
            raise
        if _is_void(db, here, copy, place.reach):
            raise Refusal(CHANGED)
    if not here.in_the_room:
        their_copy.note_given(db, here.referral, now)
    try:
        return handed(db, me, here, Kept(house.store, place.key), f"{kind}-{copy}", through, now)
    except NotFound as gone:
        # A purge took it since, or whoever made it has ended.
        raise Refusal(CHANGED) from gone


def papers(db: Session, house: House, me: Me, here: Found, at: datetime, make: str | None) -> list[dict[str, Any]]:
    """The papers that a reader may have, each with how it stands; the one named in `make` (`bundle.hr`) is begun.

    Of one that something was added to since, the last copy stands there, with what is not in it yet.
    """
    folder = papers_of(here.referral)
    # In this order: it is kept before it is no longer being made.
    under_way = house.bindery.under_way(db, folder)
    lie = {kept.key: kept.size for kept in house.store.list(folder)}
    shown = []
    for kind in TITLES:
        for copy in bundle.copies(here, kind):
            name, place = f"{kind}.{copy}", place_of(db, here, kind, copy)
            told: dict[str, Any] = {
                "title": TITLES[kind],
                "for_whom": READERS[copy],
                "name": name,
                "before": False,
                "since": [],
            }
            told |= {"state": "none", "path": f"{kind}.pdf?audience={copy}"}
            if place.key in lie:
                told |= {"state": "ready", "size": lie[place.key]}
            elif there := _last(db, here, copy, place, under_way):
                told |= _how_far(under_way[there.key])
            elif make == name:
                begun, how = made_by(house, me, here.referral.reference, kind, copy, at)
                house.bindery.begin(begun.key, how)
                told |= _how_far(PaperBeingMade(key=begun.key, told_at=at))
            elif house.bindery.making(db, place.key):
                told |= {"state": "failed"}
            elif there := _last(db, here, copy, place, lie):
                told |= {"state": "ready", "size": lie[there.key], "before": True}
                told["path"] += f"&before={there.key.removeprefix(place.beginning).removesuffix('.pdf')}"
                told["since"] = timeline(db, bundle.as_read_by(here, copy), after=there.reach.entries)
            shown.append(told)
    return shown


def _how_far(making: PaperBeingMade) -> dict[str, Any]:
    return {"state": "making", "done": making.done, "total": making.total}


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
    """What a copy was gathered from: a referral, and how far."""

    engine: Engine
    here: Found
    copy: str
    reach: Reach

    def require_given(self) -> None:
        """Raise a Refusal (409) where it holds by now what it must not. What only came since takes nothing from it."""
        with Session(self.engine) as db:
            if _is_void(db, self.here, self.copy, self.reach):
                raise Refusal(CHANGED)

    def keep(self, store: Store, key: str, made: bytes | Path) -> None:
        """Keep the paper. Raises a Refusal (409) where it must not be given any more."""
        # Kept after a purge, it would have the purged words for good; and keeping it takes a while as well.
        self.require_given()
        store.keep(key, made)
        try:
            self.require_given()
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

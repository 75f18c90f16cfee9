"""The bundle and the summary of a referral over HTTP: gathered through the eyes of their reader, kept by content."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from litestar.response import Response
from sqlalchemy import select
from sqlmodel import Session, col

from service.core.clock import LONDON
from service.core.errors import NotFound, NotPermitted, invalid
from service.core.storage import Store
from service.documents import bundle_parts
from service.documents.bundle import document, key_of
from service.documents.pool import Pool
from service.evidence.places import original_key, preview_key
from service.evidence.sniff import TXT
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Part
from service.records.people import Person
from service.records.referrals import Referral
from service.referrals import bundle
from service.referrals.find import Found, find_referral
from service.referrals.keep import case_of
from service.referrals.view import referral_view, timeline
from service.subject_access.gathering import redactor_in
from service.subject_access.third_parties import CLOSES, OPENS, Known, redacted
from service.web.letters import handed
from service.web.summaries import Paper, begin, bytes_of
from service.web.visit import House

BUNDLE, SUMMARY = "bundle", "summary"
TITLES = {BUNDLE: "Bundle for the hearing", SUMMARY: "Summary of the referral"}
READERS = {
    bundle.HR: "Human Resources and those who hear it",
    bundle.SUBJECT: "the person it is about",
}
MOST_CHARACTERS, MOST_LINES = 20_000, 500
"""What is printed of a text: some twelve pages."""
MOST_BYTES = 4 * MOST_CHARACTERS + 4
NOT_A_LETTER = re.compile(r"[\W_]+")
LAST_WORD = re.compile(r"\s\S*\Z")
Redact = Callable[[Any], Any]


def copies_of(here: Found, kind: str) -> tuple[str, ...]:
    """The copies of this kind of paper that a reader may have."""
    return bundle.copies(here) if kind == BUNDLE else bundle.short_copies(here)


def copy_for(wanted: str | None, here: Found, kind: str) -> str:
    """The copy asked for, or the reader's own. Raises NotFound where there is none yet, Invalid for an unknown one, and
    NotPermitted for another's.
    """
    allowed = copies_of(here, kind)
    if not allowed:
        raise NotFound
    if wanted is not None and wanted not in READERS:
        raise invalid("audience", f"Choose one of: {', '.join(READERS)}.")
    if wanted is not None and wanted not in allowed:
        raise NotPermitted("This copy is for somebody else, or is not there yet.")
    return wanted or allowed[0]


def place_of(db: Session, here: Found, kind: str, copy: str) -> str:
    """Under which key a copy is kept, as it stands now."""
    referral = here.referral
    return f"pdf/{referral.case_id}/{referral.id}/{kind}-{key_of(kind, bundle.state_of(db, here, copy))}.pdf"


def paper(db: Session, store: Store, me: Me, here: Found, kind: str, copy: str, at: datetime) -> Paper:
    """Everything that one copy shows, read as its own reader would read it, with other people taken out of theirs."""
    referral, case = here.referral, case_of(db, here.referral)
    kept_at = place_of(db, here, kind, copy)
    seen = bundle.as_read_by(here, copy)
    view, entries = referral_view(db, me, seen, at), timeline(db, seen)
    about = db.get(Person, referral.subject_id) if referral.subject_id is not None else None
    zone = about.zone if about and copy == bundle.SUBJECT else LONDON
    who = {"about": about.name if about else None, "hears": _hears(view)}
    exhibits = bundle.exhibits(db, seen) if kind == BUNDLE else []
    redact = _redaction(db, about, case, referral) if copy == bundle.SUBJECT and about else _whole
    sections = (
        bundle_parts.sections(view, entries, bundle.letters_in_full(db, referral), zone)
        if kind == BUNDLE
        else bundle_parts.summary(view, who, zone)
    )
    told = {
        "reference": referral.reference,
        "title": TITLES[kind],
        "short": kind == SUMMARY,
        "for_whom": READERS[copy],
        "zone": zone,
        "cover": [list(row) for row in bundle_parts.cover(view, who, zone) if row[1]] if kind == BUNDLE else [],
        "left_out": bundle.left_out(here, copy),
    }
    files = [_read(store, each) for each in exhibits]
    made = document(told, sections, files, _pictures(store, files), at, key=kept_at[-68:-4], redact=redact)
    state, engine = (referral.version, case.version), db.get_bind().engine
    stands = select(col(Referral.version), col(Case.version)).join(Case, col(Case.id) == col(Referral.case_id))
    stands = stands.where(col(Referral.id) == referral.id)

    def still() -> bool:
        with engine.connect() as connection:
            return tuple(connection.execute(stands).one()) == state

    return Paper(made, kept_at, still)


def pdf(
    db: Session,
    store: Store,
    pool: Pool,
    me: Me,
    now: datetime,
    reference: str,
    kind: str,
    wanted: str | None,
    through: str,
) -> Response[bytes]:
    """Find the referral, make or fetch its paper outside any transaction, note the look, hand it over."""
    here = find_referral(db, me, reference)
    copy = copy_for(wanted, here, kind)
    kept_at = place_of(db, here, kind, copy)
    if store.exists(kept_at):
        made = store.read(kept_at)
    else:
        one = paper(db, store, me, here, kind, copy, now)
        db.close()
        made = bytes_of(pool, store, one)
    return handed(db, me, here, made, f"{kind}-{copy}", through, now)


def papers(db: Session, house: House, me: Me, here: Found, at: datetime, make: str | None) -> list[dict[str, Any]]:
    """The papers that a reader may have, each with how it stands; the one named in `make` (`bundle.hr`) is begun."""
    shown = []
    for kind in TITLES:
        for copy in copies_of(here, kind):
            name, kept_at = f"{kind}.{copy}", place_of(db, here, kind, copy)
            size = house.store.size(kept_at) if house.store.exists(kept_at) else None
            if size is None and make == name:
                begin(house.pool, house.store, paper(db, house.store, me, here, kind, copy, at))
            making = size is None and house.pool.making(kept_at) is not None
            state = "making" if making else "none" if size is None else "ready"
            told: dict[str, Any] = {
                "title": TITLES[kind],
                "for_whom": READERS[copy],
                "path": f"{kind}.pdf?audience={copy}",
            }
            told |= {"name": name, "state": state, "size": size, "path": f"{kind}.pdf?audience={copy}"}
            shown.append(told)
    return shown


def _hears(view: Mapping[str, Any]) -> str | None:
    people = [each for each in view.get("appointments", ()) if each["until"] is None]
    named = {each["part"]: each["name"] for each in people if each["part"] != Part.INVESTIGATOR}
    return ", ".join(named.values()) or None


def _whole(value: Any) -> Any:
    return value


def _redaction(db: Session, about: Person, case: Case, referral: Referral) -> Redact:
    """What takes others out of all that is laid out; and out of the names of files, whose words run together."""
    also = tuple(Known(*each) for each in bundle.others(db, referral))
    redactor = redactor_in(db, about, case, also)
    apart = {name: NOT_A_LETTER.sub(" ", name).title() for name in bundle.file_names(db, referral)}
    telling = {name: said for name, words in apart.items() if (said := redactor(words)) != words}

    def redact(text: str) -> str:
        for name, said in telling.items():
            text = text.replace(name, said.replace(OPENS, "[").replace(CLOSES, "]"))
        return redactor(text)

    return lambda value: redacted(value, redact)


def _read(store: Store, file: Mapping[str, Any]) -> dict[str, Any]:
    """An exhibit with its text, where it is one: as much as can be laid out for every file in the time of a paper."""
    if file["media_type"] != TXT or file["destroyed_at"] is not None:
        return {**file, "text": None, "goes_on": False}
    kept = bytearray()
    for piece in store.stream(original_key(file["id"])):
        kept += piece
        if len(kept) > MOST_BYTES:
            break
    whole = kept.decode("utf-8-sig", "replace")
    begins = "\n".join(whole[:MOST_CHARACTERS].split("\n")[:MOST_LINES])
    goes_on = len(begins) < len(whole)
    # Not in the middle of a name, which could not be told from another word then.
    return {**file, "text": LAST_WORD.sub("", begins) if goes_on else begins, "goes_on": goes_on}


def _pictures(store: Store, files: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    shown = [file["id"] for file in files if file["preview"] and file["destroyed_at"] is None]
    return {one: store.read(preview_key(one)) for one in shown}

"""The sections of a bundle, from a referral as one reader reads it: each block is text, ready to be laid out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from service.core.saying import dated
from service.core.taken_out import Met
from service.core.telling import filters
from service.records.code_words import CODES
from service.records.field_words import TABLES
from service.records.room_entry_words import ENTRIES_OF_REFERRAL
from service.records.room_words import (
    APPOINTED,
    FINDINGS,
    LETTERS,
    OUTCOMES,
    OWED,
    PAPERS,
    ROOM_SAYS,
)
from service.records.words import REFERRAL_STAGES, STEPS

Block = dict[str, Any]
Section = dict[str, Any]
View = Mapping[str, Any]
Parts = tuple[list[Section], dict[str, bytes]]
"""Sections, and the pictures on them by name."""
Redact = Callable[[Any], Any]
WORKING = "room_note"
"""The kind of entry that tells of a note: notes are for the work in the room, and so is that one was written."""
IN_SHORT = 600
"""Letters of anybody's words that a summary has; the bundle has them whole."""
_say: Any = filters(TABLES, dated)


def heading(text: str) -> Block:
    """A heading inside a section."""
    return {"is": "heading", "text": text}


def says(text: str) -> Block:
    """A sentence of ours."""
    return {"is": "says", "text": text}


def quoted(text: str | None) -> Block:
    """People's words, or that there are none."""
    return {"is": "words", "text": text} if text else says("Nothing is written here.")


def listed(items: Iterable[str]) -> Block:
    """A list."""
    return {"is": "list", "items": list(items)}


def rows(*told: tuple[str, str | None]) -> Block:
    """A table of facts; a fact that is not known has no row."""
    return {"is": "facts", "rows": [[label, text] for label, text in told if text]}


def entry(label: str, text: str, more: Sequence[str] = ()) -> Block:
    """Something that happened: when and by whom, what, and where it came from or what it changed."""
    return {"is": "entry", "label": label, "text": text, "more": list(more)}


def section(name: str, title: str, blocks: Iterable[Block]) -> Section:
    """A part of the bundle with a heading of its own."""
    return {"name": name, "title": title, "blocks": list(blocks), "exhibit": None}


def sections(view: View, timeline: Sequence[View], letters: Sequence[View], zone: str) -> list[Section]:
    """All sections that this reader's view has something for, in the order of a hearing."""
    made = [
        section("received", "The referral as received", _received(view, zone)),
        section("chronology", "Chronology", _chronology(view, timeline, zone)),
        section("findings", "Findings", _findings(view, zone)),
        section("letters", "Letters and papers", _letters(view, letters, zone)),
        section("hearing", "Hearing, outcome and appeal", _hearing(view, zone)),
    ]
    kept = [each for each in made if each["blocks"]]
    return [each | {"title": f"{number}. {each['title']}"} for number, each in enumerate(kept, 1)]


def cover(view: View, here: Mapping[str, str | None], zone: str) -> list[tuple[str, str | None]]:
    """What the first page says: `here` has whom it is about and who hears it, as far as the reader may know."""
    hearing = view.get("hearing")
    return [
        ("About", here.get("about")),
        ("What is alleged", _alleged(view)),
        ("Who hears it", here.get("hears")),
        ("When", dated(hearing["hearing_at"], zone) if hearing else None),
        ("Where", hearing["place"] if hearing else None),
        ("Stands at", REFERRAL_STAGES[view["stage"]]),
    ]


def summary(view: View, here: Mapping[str, str | None], zone: str) -> list[Section]:
    """A referral in short: what, who does what, where it stands, what is next, what was found and decided."""
    due, people = view.get("due"), view.get("appointments", ())
    glance = [
        rows(
            ("What is alleged", _alleged(view)),
            ("About", here.get("about")),
            ("Rules cited", "; ".join(CODES[code] for code in view.get("rules", ())) or None),
            ("Received", dated(view["received_at"], zone) if "received_at" in view else None),
            ("Stands at", REFERRAL_STAGES[view["stage"]] + (", paused" if view.get("paused") else "")),
            ("Next", f"{OWED[due['what']]}, by {dated(due['at'], zone)}" if due else None),
        )
    ]
    who = [rows(*((APPOINTED[each["part"]], each["name"]) for each in people if not each["until"]))] if people else []
    made = [
        section("glance", "At a glance", glance),
        section("people", "Who does what", who),
        section("findings", "What was found", _findings(view, zone)),
        section("hearing", "Hearing, outcome and appeal", _hearing(view, zone, short=True)),
        section("letters", "Letters sent", _letters_sent(view, zone)),
    ]
    return [each for each in made if each["blocks"]]


def shortened(part: Section) -> Section:
    """The same with no more of anybody's words than a summary has; others are taken out of it before."""
    return part | {"blocks": [_shortened(block) for block in part["blocks"]]}


def _shortened(block: Block) -> Block:
    text = block.get("text", "")
    return block | {"text": f"{text[:IN_SHORT].rsplit(None, 1)[0]} …"} if len(text) > IN_SHORT else block


def _alleged(view: View) -> str | None:
    """What is alleged, or that nothing is stated yet; nothing, where the reader may not know."""
    return view["allegation"] or ROOM_SAYS["nothing_stated"] if "allegation" in view else None


def _received(view: View, zone: str) -> Iterator[Block]:
    by = view.get("referred_by")
    facts = rows(
        ("Received", dated(view["received_at"], zone) if "received_at" in view else None),
        ("Referred by", by["name"] if by else None),
        ("Playbook", f"version {view['playbook']}" if "playbook" in view else None),
        ("Reported by themselves", "yes" if view.get("self_reported") else None),
        ("Accepted", dated(view["accepted_at"], zone) if view.get("accepted_at") else None),
    )
    if facts["rows"]:
        yield facts
    if "allegation" in view:
        stated = view["allegation"] is not None
        yield from (heading("What is alleged"), (quoted if stated else says)(_alleged(view) or ""))
    if "rules" in view:
        yield heading("Rules cited")
        yield listed(CODES[code] for code in view["rules"]) if view["rules"] else says("No rule is cited.")
    if "reason" in view:
        yield from (heading("Why it was referred"), quoted(view["reason"]))
    if "steps_taken" in view:
        yield heading("What was done to put it right")
        done = [f"{STEPS[step['kind']]}: {dated(step['taken_at'], zone)}" for step in view["steps_taken"]]
        yield listed(done) if done else says("No steps were taken.")
    if "mitigation" in view:
        yield from (heading("What counts in their favour"), quoted(view["mitigation"]))
    if "subject_told" in view:
        told = {"yes": "They had been told.", "no": "Nothing."}
        before = view["subject_told"]
        yield from (heading("What the person had been told before"), quoted(told.get(before, before) or "Nothing."))
    if informed := view.get("informed"):
        yield heading("What HR told the person in writing")
        yield from (says(dated(informed["at"], zone)), quoted(informed["text"]))


def _chronology(view: View, timeline: Sequence[View], zone: str) -> Iterator[Block]:
    happened: list[tuple[datetime, Block]] = []
    for each in timeline:
        if each["kind"] != WORKING:
            by = f", {each['actor']}, in the room" if "actor" in each else ""
            happened.append((each["at"], entry(dated(each["at"], zone) + by, each["words"])))
    for piece in view.get("copied", ()):
        said, number = piece["said"], piece["from"].get("entry")
        if number is None:
            continue
        where = f"From entry {number} of the case. Copied by {piece['by']}, {dated(piece['at'], zone)}."
        if not said:
            happened.append((piece["at"], entry(dated(piece["at"], zone), "Destroyed.", [where])))
            continue
        at = datetime.fromisoformat(said["at"])
        happened.append((at, entry(dated(at, zone), said["words"], [*_changes(said["changes"], zone), where])))
    for _, block in sorted(happened, key=lambda each: each[0]):
        yield block


def _changes(changes: Iterable[View], zone: str) -> Iterator[str]:
    for change in changes:
        after = "destroyed" if change["erased"] else _say["told"](change["after"], change["field"], zone)
        yield f"{_say['called'](change['field'])}: {after}"


def _findings(view: View, zone: str) -> Iterator[Block]:
    for kind, called in FINDINGS.items():
        found = [each for each in view.get("findings", ()) if each["kind"] == kind]
        if found:
            yield heading(called)
        for each in found:
            by = f"{each['by']}, {dated(each['at'], zone)}" if "by" in each else ""
            by += "" if each["counts"] else f"{', ' if by else ''}{ROOM_SAYS['no_count']}"
            yield {"is": "finding", "by": by, "text": each["text"], "files": list(each.get("evidence", ()))}


def _letters(view: View, letters: Sequence[View], zone: str) -> Iterator[Block]:
    for each in letters:
        yield heading(f"Letter: {each['title']}")
        yield rows(("Sent", dated(each["sent_at"], zone)), ("SHA-256", each["sha256"]))
        if not each["parts"]:
            yield says("The words of this letter were destroyed. Its hash stays.")
        for part in each["parts"]:
            yield {"is": "part", "title": part["title"], "text": part["text"], "says": list(part["says"])}
    for paper in view.get("papers", ()):
        yield heading(PAPERS[paper["kind"]])
        recorded = f"{dated(paper['recorded_at'], zone)}, {paper['by']}"
        yield rows(("When", dated(paper["at"], zone)), ("How", paper["how"]), ("Recorded", recorded))
        yield quoted(paper["text"])
    for reply in view.get("replies", ()):
        when = rows(("When", dated(reply["at"], zone)), ("How", reply["how"]))
        yield from (heading("What you wrote to HR"), when, quoted(reply["text"]))


def _letters_sent(view: View, zone: str) -> Iterator[Block]:
    if view.get("letters"):
        yield listed(f"{LETTERS[each['kind']]}: {dated(each['sent_at'], zone)}" for each in view["letters"])


def _hearing(view: View, zone: str, *, short: bool = False) -> Iterator[Block]:
    for name, title in (("hearing", "The hearing"), ("appeal_hearing", "The hearing of the appeal")):
        if name == "appeal_hearing":
            yield from _outcome(view, zone)
        if hearing := view.get(name):
            yield from (heading(title), *_called(hearing, zone, short=short))
    if (appeal := view.get("appeal")) and appeal["decided_at"]:
        upheld = "The appeal is upheld." if appeal["upheld"] else "The appeal is not upheld."
        outcome = OUTCOMES[appeal["outcome"]] if appeal["outcome"] else None
        yield heading("The decision on the appeal")
        yield rows(("Decided", dated(appeal["decided_at"], zone)), ("Decision", upheld), ("Outcome now", outcome))
        yield quoted(appeal["reason"])


def _called(hearing: View, zone: str, *, short: bool) -> Iterator[Block]:
    if not hearing["counts"]:
        yield says(ROOM_SAYS["called_anew"])
    held = hearing["held_at"]
    put_off = hearing["first_at"] != hearing["hearing_at"]
    yield rows(
        ("Invited", dated(hearing["invited_at"], zone)),
        ("For", dated(hearing["hearing_at"], zone)),
        ("First called for", dated(hearing["first_at"], zone) if put_off else None),
        ("Put off because", hearing["postponed_because"]),
        ("Where", hearing["place"]),
        ("Held", dated(held, zone) if held else "not yet"),
        ("Present", Met(", ".join(hearing["present"])) or None),
    )
    if short:
        return
    yield heading("What the invitation said")
    if hearing["text"]:
        yield quoted(hearing["text"])
    states = hearing["states"]
    yield rows(
        ("Grounds of the appeal", states.get("grounds")),
        ("Alleged", states.get("allegation")),
        ("What can follow", states.get("consequences")),
        ("Evidence", "; ".join(states.get("evidence", ())) or None),
        ("Who may come too", states.get("accompanied")),
    )
    if held and hearing.get("notes"):
        yield from (heading("The record of the hearing"), quoted(hearing["notes"]))


def _in_time(decision: View, zone: str) -> str | None:
    if decision["appeal_by"] and decision["stands_still"]:
        # A paper is kept, and this moment moves on.
        return "it is paused, and the time for an appeal stands still"
    return dated(decision["appeal_by"], zone) if decision["appeal_by"] else None


def _outcome(view: View, zone: str) -> Iterator[Block]:
    if considered := view.get("considered"):
        no_count = "" if considered["counts"] else f", {ROOM_SAYS['no_count']}"
        yield heading(ENTRIES_OF_REFERRAL["room_considered"].rstrip(".") + no_count)
        yield quoted(considered["text"])
    if informal := view.get("informal"):
        yield heading("Settled informally")
        yield from (says(dated(informal["at"], zone)), quoted(informal["reason"]))
    if decision := view.get("decision"):
        until = decision["warning_until"]
        yield heading("The decision")
        yield rows(
            ("Outcome", OUTCOMES[decision["outcome"]] if decision["outcome"] else None),
            ("Decided", dated(decision["decided_at"], zone)),
            ("On appeal it became", OUTCOMES[view["outcome"]] if view["outcome"] != decision["outcome"] else None),
            ("The warning counts until", dated(until, zone) if until else None),
            ("Appeal by", _in_time(decision, zone)),
        )
        yield quoted(decision["reason"])
    if suspension := view.get("suspension"):
        ended = suspension["ended_at"]
        yield heading("Suspension")
        yield says(ROOM_SAYS["neutral"])
        yield rows(
            ("Since", dated(suspension["since"], zone)),
            ("To be reviewed by", dated(suspension["review_at"], zone)),
            ("Ended", dated(ended, zone) if ended else None),
        )
        yield quoted(suspension["reason"])
    if appeal := view.get("appeal"):
        yield from (heading("The appeal"), says(dated(appeal["at"], zone)), quoted(appeal["grounds"]))

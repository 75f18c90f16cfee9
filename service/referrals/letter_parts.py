"""What each letter to the person a referral is about must say, as a table.

A part of a letter is a wording, which whoever writes it may change, and what the record says, which nobody types. A
letter goes out with all of its parts or not at all (Acas code, paragraphs 9 to 13, 22, 26 and 29).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.core.saying import dated
from service.core.taken_out import Met
from service.records.code_words import CODES
from service.records.enums import LetterKind, Outcome, Part
from service.records.referrals import Appeal, Hearing, Referral
from service.records.room_words import ACCOMPANIED, OUTCOMES, ROOM_SAYS
from service.referrals.parts import alleged


@dataclass(frozen=True)
class Record:
    """What letters are made from, read once. `people` are those who are appointed now, by name and address; `notice` is
    how long before a hearing its invitation has to be there.
    """

    at: datetime
    zone: str
    notice: timedelta
    referral: Referral
    hearing: Hearing | None
    appeal: Appeal | None
    suspended_until: datetime | None
    people: Mapping[Part, Mapping[str, str]]

    def states(self, name: str) -> Any:
        """What the invitation stated, as it stood when it was made."""
        return self.hearing.states.get(name) if self.hearing else None

    def day(self, value: datetime) -> str:
        """The day of a moment and its time, where the person is."""
        return dated(value, self.zone)


NO_RULE = "No rule is named. We look at what is alleged above."
Says = Callable[[Record], Sequence[str] | None]
"""What the record has for a part, paragraph by paragraph; nothing, where the part cannot be written yet."""


@dataclass(frozen=True)
class LetterPart:
    """One part that a letter must have. `lacks` is what to do where the record has nothing for it; `{hours}` in it is
    the playbook's notice before a hearing. Who is named in one that `introduces` stays named in their copy of the
    papers: they had the letter.
    """

    name: str
    title: str
    wording: str
    says: Says
    lacks: str = ""
    introduces: bool = False

    def said_in(self, says: Mapping[str, Sequence[str]]) -> list[str]:
        """What the record said for this part in a letter that was sent."""
        return [Met(one) if self.introduces else one for one in says.get(self.name, ())]


def _nothing(_: Record) -> Sequence[str]:
    """The wording says it all."""
    return ()


def _allegation(record: Record) -> Sequence[str] | None:
    said = alleged(record.referral)
    return [said] if record.referral.informed_at and said else None


def _rules(record: Record) -> Sequence[str] | None:
    # HR may take up a referral that cites none: then the letter says so, rather than that it cannot be written.
    return [CODES[code] for code in record.referral.rules] or [NO_RULE]


def _suspension(record: Record) -> Sequence[str]:
    if record.suspended_until is None:
        return ["You are not suspended. If that ever changes, you hear of it in writing, with the reason."]
    return [f"{ROOM_SAYS['neutral']} It is looked at again by {record.day(record.suspended_until)}."]


def _stated(name: str) -> Says:
    def says(record: Record) -> Sequence[str] | None:
        said = record.states(name)
        return [said] if isinstance(said, str) and said else None

    return says


def _invited_about(record: Record) -> Sequence[str] | None:
    alleged_there, grounds = record.states("allegation"), record.states("grounds")
    if not alleged_there:
        return None
    if not grounds:
        return [alleged_there]
    return [f"This is the hearing of your appeal. You wrote: {grounds}", f"What was alleged: {alleged_there}"]


def _evidence(record: Record) -> Sequence[str] | None:
    listed = record.states("evidence")
    return None if listed is None else (listed or ["There are no files. What was found is in the record."])


def _when(record: Record) -> Sequence[str] | None:
    hearing = record.hearing
    if hearing is None or hearing.held_at or hearing.hearing_at < record.at + record.notice:
        return None
    return [said for said in (record.day(hearing.hearing_at), hearing.place, hearing.text) if said]


def _who_asks(record: Record) -> Sequence[str]:
    finds = record.people.get(Part.INVESTIGATOR)
    if finds is None:
        return ["HR tells you who finds the facts.", "Write to HR if you want to know or say something."]
    return [
        f"{finds['name']} finds the facts, as the investigator.",
        f"Write to them, {finds['email']}, or to HR, if you want to know or say something.",
    ]


def _who_hears(record: Record) -> Sequence[str] | None:
    at_appeal = record.hearing is not None and record.hearing.appeal
    hears = record.people.get(Part.APPEAL_HEARER if at_appeal else Part.DECISION_MAKER)
    if record.hearing is None or hears is None:
        return None
    if at_appeal:
        return [f"{hears['name']}, who was not involved before, hears your appeal and decides it."]
    return [f"{hears['name']} hears you, and decides."]


def _decision(record: Record) -> Sequence[str] | None:
    """Once an appeal is decided, its own letter says what stands."""
    referral, appeal = record.referral, record.appeal
    if not referral.outcome or not referral.outcome_reason or (appeal and appeal.decided_at):
        return None
    return [OUTCOMES[referral.outcome], referral.outcome_reason]


def _about(record: Record) -> Sequence[str] | None:
    return [alleged(record.referral) or NO_ALLEGATION] if record.referral.decided_at else None


def _from_now_on(record: Record) -> Sequence[str] | None:
    outcome = record.referral.outcome
    return None if record.referral.decided_at is None or outcome is None else [FOLLOWS[Outcome(outcome)]]


def _lives(record: Record) -> Sequence[str] | None:
    return None if record.referral.decided_at is None else [_until(record, record.referral.outcome)]


def _until(record: Record, outcome: str | None) -> str:
    if record.referral.warning_until and outcome in (Outcome.FIRST_WRITTEN_WARNING, Outcome.FINAL_WRITTEN_WARNING):
        return f"This warning counts until {record.day(record.referral.warning_until)}. Then it ends by itself."
    return "This is no warning."


def _appeal_right(record: Record) -> Sequence[str] | None:
    until = record.referral.appeal_by
    return [f"You may appeal until {record.day(until)}.", HOW_TO_APPEAL] if until else None


def _appealed(record: Record) -> Sequence[str] | None:
    made = record.appeal
    if made is None or made.decided_at is None or made.outcome is None:
        return None
    upheld = "Your appeal is upheld." if made.upheld else "Your appeal is not upheld."
    return [upheld, f"The outcome is now: {OUTCOMES[made.outcome].lower()}. {_until(record, made.outcome)}"]


def _appeal_reason(record: Record) -> Sequence[str] | None:
    made = record.appeal
    return [made.reason] if made and made.decided_at and made.reason else None


def _final(record: Record) -> Sequence[str] | None:
    made = record.appeal
    return ["This decision is final. It cannot be appealed again."] if made and made.decided_at else None


NO_ALLEGATION = "Nothing was stated."
HOW_TO_APPEAL = (
    "Say why you appeal, on your page in Amends or in a letter to HR. "
    "If you cannot use Amends, give or post the letter to HR in time."
)
KEEP = "Please keep to the social media policy, and ask before you post where you are unsure."
AGAIN = f"{KEEP} If something like this happens again while this warning counts"
FOLLOWS: Mapping[Outcome, str] = {
    Outcome.NO_CASE: "Nothing follows from this, and nothing is asked of you.",
    Outcome.INFORMAL_ADVICE: f"This is advice, and no warning. {KEEP}",
    Outcome.FIRST_WRITTEN_WARNING: f"{AGAIN}, a final written warning can follow, or dismissal where it is grave.",
    Outcome.FINAL_WRITTEN_WARNING: f"{AGAIN}, dismissal can follow.",
    Outcome.OTHER: "What follows is said in the reason above.",
    Outcome.DISMISSAL: "Your employment ends. HR writes to you about your notice, your pay and what you hand back.",
}
"""What an outcome leads to (Acas code, paragraphs 20 and 22)."""
INVITE_FIRST = "Invite the person to the hearing first. (Acas code, paragraphs 9 to 11)"
DECIDE_FIRST = "Decide first. After an appeal is decided, send its own letter. (Acas code, paragraph 22)"
APPEAL_FIRST = "Decide the appeal first. (Acas code, paragraph 29)"
TABLE: Mapping[LetterKind, tuple[LetterPart, ...]] = {
    LetterKind.INFORMING: (
        LetterPart(
            "allegation",
            "What is alleged",
            "HR has been told of the following. Nothing has been decided.",
            _allegation,
            "Tell the person in writing what is alleged. (Acas code, paragraph 9)",
        ),
        LetterPart(
            "rules",
            "The rules it may go against",
            "These are the rules that we look at.",
            _rules,
        ),
        LetterPart(
            "next",
            "What happens next",
            "An investigator finds the facts, on both sides. You hear from us before any meeting. "
            "You can tell us anything that we should look at.",
            _nothing,
        ),
        LetterPart(
            "who",
            "Who finds the facts, and whom to ask",
            "You can ask at any time how this stands.",
            _who_asks,
            introduces=True,
        ),
        LetterPart(
            "support",
            "Who can support you",
            "You may ask your union or a colleague at any time, and bring one of them to a hearing. "
            "Tell us of anything that would make this easier for you.",
            _nothing,
        ),
        LetterPart("suspension", "Your work meanwhile", "This is how it stands today.", _suspension),
    ),
    LetterKind.INVITATION: (
        LetterPart(
            "allegation",
            "What is alleged",
            "We invite you to a hearing about the following.",
            _invited_about,
            INVITE_FIRST,
        ),
        LetterPart(
            "consequences",
            "What can follow",
            "The hearing is open. This is what can follow from it.",
            _stated("consequences"),
            INVITE_FIRST,
        ),
        LetterPart(
            "evidence", "The evidence", "You can read this in Amends before the hearing.", _evidence, INVITE_FIRST
        ),
        LetterPart(
            "when",
            "When and where, and what else we write",
            "Please come at this time. Tell us at once if you cannot.",
            _when,
            "Invite the person first, and send this at least {hours} hours before the hearing. "
            "(Acas code, paragraph 11: reasonable time to prepare)",
        ),
        LetterPart(
            "who",
            "Who hears it",
            "Tell us before the hearing if somebody here should not hear it, and why.",
            _who_hears,
            "Appoint who hears it, and invite the person. (Acas code, paragraphs 6 and 27)",
            introduces=True,
        ),
        LetterPart(
            "accompanied",
            "Who may come with you",
            "Tell us who comes with you.",
            lambda record: [ACCOMPANIED] if record.hearing else None,
            INVITE_FIRST,
        ),
    ),
    LetterKind.OUTCOME: (
        LetterPart("decision", "The decision", "This is decided, and why.", _decision, DECIDE_FIRST),
        LetterPart("alleged", "What it was about", "This is what was alleged.", _about, DECIDE_FIRST),
        LetterPart(
            "change",
            "From now on",
            "This is what it means for you.",
            _from_now_on,
            DECIDE_FIRST,
        ),
        LetterPart("lives", "How long it counts", "This is how long it counts.", _lives, DECIDE_FIRST),
        LetterPart(
            "appeal",
            "Your right of appeal",
            "Somebody who was not involved before hears it. Nothing can get harder for you by it.",
            _appeal_right,
            DECIDE_FIRST,
        ),
    ),
    LetterKind.APPEAL_OUTCOME: (
        LetterPart("decision", "The decision", "This is decided on your appeal.", _appealed, APPEAL_FIRST),
        LetterPart("reason", "Why", "This is the reason.", _appeal_reason, APPEAL_FIRST),
        LetterPart("final", "This is final", "The matter ends here.", _final, APPEAL_FIRST),
    ),
}
"""What each kind of letter must say."""

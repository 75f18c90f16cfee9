"""What may be sent to the HR room, field by field, as `schemas.py` says it of cases."""

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from service.records.enums import FindingKind, LetterKind, Outcome
from service.web.fields import Email, Long, Moment, OneLine, Words

FileId = Annotated[str, Field(max_length=64)]
Piece = Annotated[StrictInt, Field(ge=1, le=10**9)] | FileId


class WordsIn(Words):
    """A name, or words, for the person's copy."""

    words: OneLine


class AppointIn(Words):
    """Who does what; leave out what stays as it is."""

    investigator: Email | None = None
    decision_maker: Email | None = None
    appeal_hearer: Email | None = None


class FindingIn(Words):
    """One thing that was found, and the evidence for it."""

    kind: FindingKind
    text: Long
    evidence: Annotated[list[FileId], Field(max_length=100)] | None = None


class InviteIn(Words):
    """When and where a hearing is, and what else the person should know."""

    hearing_at: Moment
    place: OneLine
    text: Long | None = None


class PostponeIn(Words):
    """A later time for a hearing, because a companion cannot come."""

    hearing_at: Moment
    reason: Long


class HearIn(Words):
    """The record of a hearing."""

    held_at: Moment
    present: Annotated[list[OneLine], Field(min_length=1, max_length=50)]
    notes: Long


class DecideIn(Words):
    """An outcome, and why. With `protected_activity`, that it was considered, and what came of it."""

    outcome: Outcome
    reason: Long
    protected_activity: Long | None = None


class AppealIn(Words):
    """Why somebody appeals."""

    grounds: Long


class DecideAppealIn(Words):
    """Whether an appeal is upheld, with which outcome, and why."""

    upheld: StrictBool
    outcome: Outcome | None = None
    reason: Long


class SuspendIn(Words):
    """Why somebody is suspended, and when that is looked at again."""

    reason: Long
    review_at: Moment


class PaperIn(Words):
    """What was handed over or came back outside Amends: how, what, and when that was."""

    how: OneLine
    text: Long
    when: Annotated[Moment | None, Field(alias="at")] = None


class CopyIn(Words):
    """Entries of the case by their number, and files by their id."""

    pieces: Annotated[list[Piece], Field(min_length=1, max_length=100, alias="from_case")]


class DiscloseRoomIn(Words):
    """Which parts of the referral the person it is about may read."""

    facts: Annotated[list[Annotated[str, Field(max_length=60)]], Field(min_length=1, max_length=20)]


class LetterIn(Words):
    """A letter, and the wording of each of its parts by name."""

    kind: LetterKind
    wording: Annotated[dict[Annotated[str, Field(max_length=60)], Long], Field(max_length=20, default_factory=dict)]

"""Cases by the thousand, for measuring and for trying things out: short lives through the real deeds.

They are spread over two years, oldest first, so that their references fall in different years. About three in a
hundred, the latest, are still open; the others went the whole way to closed. Cases are played one after another, many
in one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TextIO

from sqlmodel import Session

from service.cases import closing, speaking
from service.cases.intake import report_mistake
from service.cases.playbook import Playbook
from service.cases.relations import Relation
from service.core.clock import in_zone
from service.core.database import Database
from service.demo.doing import Cast
from service.demo.playing import already_told
from service.demo.progress import Bar
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import AccountType, Answer, Code, Resolution, StepKind
from service.referrals.decide import decide_referral
from service.routing.acknowledge import acknowledge
from service.routing.triage import triage
from service.steps.settle import waive_step
from service.steps.take import take_step
from service.timeline import reads

SPREAD = timedelta(days=2 * 365)
STILL_OPEN = 0.03
ONE_TRANSACTION = 300
LONGEST_LIFE = timedelta(days=2)
WHO = ("staff", "colleague", "outsider")
MANAGERS = {"staff": "manager", "colleague": "manager", "outsider": "head"}
APOLOGY = "Sorry: this was posted by mistake. It is not an official view."
CORRECTION = "Correction: we said Monday. It is Tuesday."
HOLDS = frozenset({Relation.HOLDER})


@dataclass(frozen=True)
class Sort:
    """A sort of mistake: how many in a thousand there are, and what is told of it."""

    share: int
    account: AccountType
    codes: tuple[Code, ...]
    answers: Mapping[str, Answer]
    text: str = ""


YES: Answer = Answer.YES
OFFICIAL, WORK, PERSONAL = AccountType
# About 1 in 30 critical, 1 in 8 high, 1 in 3 medium, and the rest low.
SORTS = (
    Sort(210, WORK, (Code.NO_PRESS_LINE,), {}, "Big news tomorrow, but you did not hear it from me."),
    Sort(170, PERSONAL, (Code.PROTRACTED_ARGUMENT,), {}, "For the last time: that is not what I said."),
    Sort(160, WORK, (Code.OUTSIDE_EXPERTISE,), {}, "What I would do about interest rates, a thread."),
    Sort(150, OFFICIAL, (Code.WRONG_ACCOUNT,), {}, "Who is up for five-a-side on Thursday? ⚽"),
    Sort(100, OFFICIAL, (Code.FACTUAL_ERROR,), {"facts_wrong": YES}, "The office is closed on Monday."),
    Sort(50, PERSONAL, (Code.DISREPUTE,), {}, "Monday. Meetings. Make it stop."),
    Sort(60, OFFICIAL, (Code.MINISTERIAL_MOVEMENTS,), {}, "See you at the airport on Friday!"),
    Sort(40, OFFICIAL, (Code.PERSONAL_DATA,), {"personal_data": YES}, "Thank you to everybody who signed up!"),
    Sort(30, OFFICIAL, (Code.OFFENSIVE_TO_AN_AUDIENCE,), {}, "Guess the flag 🏳️ (wrong answers only)"),
    Sort(20, OFFICIAL, (Code.ACCOUNT_COMPROMISED,), {}, "You have won! Follow the link."),
    Sort(10, WORK, (), {"safety_risk": Answer.UNSURE}),
)
PLATFORMS = ("X", "Facebook", "Instagram", "LinkedIn", "YouTube", "Weibo")
RESOLUTIONS = (*[Resolution.ADVICE_GIVEN] * 6, *[Resolution.NO_FURTHER_ACTION] * 3, Resolution.TRAINING_AGREED)


def make_crowd(
    database: Database, cast: Cast, playbook: Playbook, *, at: datetime, cases: int, draw: int, tell: TextIO
) -> None:
    """Make so many cases as they would stand at `at`, a few hundred in each transaction."""
    chance = Random(draw)  # noqa: S311 - of the demonstration only: it has to be the same each time
    bar = Bar("cases", cases, tell)
    for first in range(0, cases, ONE_TRANSACTION):
        few = range(first, min(first + ONE_TRANSACTION, cases))
        with database.write() as db:
            for place in few:
                _live(db, cast, playbook, at, place, cases, chance)
            already_told(db, at)
        bar.show(few.stop)
    bar.end()


def _live(db: Session, cast: Cast, playbook: Playbook, now: datetime, place: int, cases: int, chance: Random) -> None:
    opened = place >= cases * (1 - STILL_OPEN)
    since = SPREAD * STILL_OPEN if opened else SPREAD - LONGEST_LIFE
    # Closed ones end before now; open ones go on to it, so that some are minutes old.
    left = (cases - place) / cases
    reported = now - (since * left / STILL_OPEN if opened else LONGEST_LIFE + since * left)
    reported -= timedelta(seconds=chance.randrange(60))
    (sort,) = chance.choices(SORTS, [each.share for each in SORTS])
    who = chance.choice(WHO)
    me, holder = cast.me[who], cast.me[chance.choice(("digital", "digital2"))]
    case = _report(db, me, playbook, sort, reported, chance)
    how_far = chance.random() if opened else 1.0
    if how_far > 0.3:
        _put_right(db, me, holder, case, sort, reported)
    if how_far > 0.5:
        manager = cast.me[MANAGERS[who]]
        if chance.random() < 0.6:
            acknowledge(db, manager, case, at=reported + timedelta(minutes=31))
        _triage(db, cast, holder, case, reported)
    if not opened:
        _close(db, holder, case, reported, chance.choice(RESOLUTIONS))


def _report(db: Session, me: Me, playbook: Playbook, sort: Sort, reported: datetime, chance: Random) -> Case:
    posted = in_zone(reported - timedelta(minutes=chance.randrange(5, 2000)), me.zone)
    facts = {
        **dict.fromkeys(("facts_wrong", "safety_risk", "possibly_classified", "personal_data"), Answer.NO),
        **sort.answers,
        "account.type": sort.account,
        "account.platform": chance.choice(PLATFORMS),
        "codes": list(sort.codes),
        "post.posted_at": posted,
    }
    if sort.text:
        facts["post.text"] = sort.text
    deleted = in_zone(reported - timedelta(minutes=2), me.zone)
    return report_mistake(db, me, facts, playbook=playbook, at=reported, deleted_at=deleted)


def _put_right(db: Session, me: Me, holder: Me, case: Case, sort: Sort, reported: datetime) -> None:
    at = reported + timedelta(minutes=9)
    if case.guarded:
        waive_step(db, holder, case, StepKind.APOLOGISE, reason="Saying more would draw the eye to it.", at=at)
        return
    hacked = Code.ACCOUNT_COMPROMISED in sort.codes
    words = "Sorry: the last post was not posted by us." if hacked else APOLOGY
    take_step(db, me, case, StepKind.APOLOGISE, at=at, public_text=words)
    if Code.FACTUAL_ERROR in sort.codes:
        take_step(db, me, case, StepKind.CORRECT, at=at, public_text=CORRECTION)


def _triage(db: Session, cast: Cast, holder: Me, case: Case, reported: datetime) -> None:
    at = reported + timedelta(minutes=47)
    name = holder.email.partition("@")[0]
    reads.log_in(db, holder.id, case.id, "case", through="page", at=at)
    triage(db, holder, case, at=at, facts={}, assigned_to=cast.people[name])


def _close(db: Session, holder: Me, case: Case, reported: datetime, resolution: Resolution) -> None:
    at = reported + timedelta(hours=6)
    speaking.advise(db, holder, case, text="Thank you for putting it right so quickly. Use two devices.", at=at)
    if case.hr_suggested:
        decide_referral(db, holder, case, HOLDS, refer=False, reason="A slip, put right at once.", at=at)
    closing.close(db, holder, case, resolution=resolution, at=at + timedelta(minutes=1))

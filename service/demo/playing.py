"""Plays lives: every row becomes the real deed of that name, done by that person at that moment.

As on the service's own pages, whoever does something has found the case, may do it, and leaves a line in the read log.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from service.cases import policy
from service.cases.intake import Report, open_case
from service.cases.queries import find_case
from service.core.clock import in_zone
from service.core.saying import moment
from service.core.storage import Store
from service.demo import at_hr
from service.demo.doing import DEEDS, Cast, Scene, Stage
from service.demo.pictures import picture_of_a_post
from service.demo.script import Happening, Life, stretch, told_at_first
from service.evidence.places import new_id
from service.evidence.receive import Examined, examine, store_files
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import DeskName, Kind, Role
from service.records.people import DeskMember, Person, PersonRole
from service.records.timeline import Outbox
from service.routing.alarms import ring_ripe
from service.timeline import entries, reads


def cast_of(db: Session, people: Mapping[str, Person]) -> Cast:
    """Everybody with the desks they sit at and the roles they hold."""
    desks: dict[int, dict[DeskName, bool]] = {}
    for seat in db.execute(select(DeskMember)).scalars():
        desks.setdefault(seat.person_id, {})[DeskName(seat.desk)] = seat.lead
    roles: dict[int, set[Role]] = {}
    for held in db.execute(select(PersonRole)).scalars():
        roles.setdefault(held.person_id, set()).add(Role(held.role))
    me = {
        name: Me(
            id=person.id or 0,
            email=person.email,
            name=person.name,
            zone=person.zone,
            employer=person.employer,
            desks=desks.get(person.id or 0, {}),
            roles=frozenset(roles.get(person.id or 0, ())),
        )
        for name, person in people.items()
    }
    return Cast(people, me)


def keep_pictures(
    store: Store, told: Iterable[Happening], zones: Mapping[str, str]
) -> dict[tuple[int, str], tuple[str, Examined]]:
    """Draw every picture that the lives name and put it in the store, before any transaction begins."""
    kept = {}
    for one in told:
        if "picture" not in one.row:
            continue
        given, zone = one.life.given, zones[one.life.who]
        content = picture_of_a_post(given["account"].get("handle", "A page"), given["text"], moment(one.at, zone))
        evidence_id, examined = new_id(), examine(content, one.row["picture"])
        store_files(store, examined, evidence_id)
        kept[one.life.place, one.row["after"]] = (evidence_id, examined)
    return kept


def play(stage: Stage, happening: Happening) -> None:
    """Let one thing happen. Raises whatever the deed refuses: a script that cannot be played is wrong."""
    life, row, at = happening.life, happening.row, happening.at
    me = stage.cast.me[row["who"]]
    if happening.is_report:
        case = stage.cases[life.place] = _report(stage, me, life, at)
        if label := life.given.get("label"):
            stage.labels[label] = case
    elif row["does"] in at_hr.DEEDS:
        case = stage.cases[life.place]
        room = at_hr.play(stage, me, case, row, at)
        reads.log_in(stage.db, me.id, case.id, "referral", through="page", at=at, **room.as_logged)
        return
    else:
        case = stage.cases[life.place]
        here = find_case(stage.db, me, case.reference)
        act, do = DEEDS[row["does"]]
        policy.require(act, here.held, me)
        do(Scene(stage, me, here, row, at))
    reads.log_in(stage.db, me.id, case.id, "case", through="page", at=at)


def _report(stage: Stage, me: Me, life: Life, at: datetime) -> Case:
    given = life.given
    told = Report(
        kind=Kind(given.get("kind", Kind.MISTAKE)),
        posted_by_me=given.get("posted_by_me", True),
        not_manager=given.get("not_manager", False),
        deleted_at=in_zone(at - stretch(given["deleted"]), me.zone) if "deleted" in given else None,
        confidential=given.get("confidential", False),
        about=stage.cast.people[given["whose"]] if "whose" in given else None,
        ask=tuple(DeskName(desk) for desk in given.get("ask", ())),
    )
    return open_case(stage.db, me, told, told_at_first(given, me.zone, at), playbook=stage.playbook, at=at)


def ring_until(db: Session, until: datetime) -> None:
    """Let every clock ring that rings before `until`, at its own moment, as the worker would have."""
    first = select(func.min(Case.ripe_at))
    while (ripe := db.execute(first).scalar()) is not None and ripe <= until:
        ring_ripe(db, ripe)
        db.flush()


def already_told(db: Session, until: datetime) -> None:
    """What happened long ago was told long ago: the worker only sends what is still news at `until`."""
    entries.write_pending(db)
    stale = update(Outbox).where(col(Outbox.done_at).is_(None), col(Outbox.due_at) <= until)
    db.execute(stale.values(done_at=Outbox.due_at), execution_options={"synchronize_session": False})

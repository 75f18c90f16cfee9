"""What is done from the rows of a queue: read it, take it, give several to somebody. The same deeds as on a case."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from litestar import Request, get, post
from litestar.response import Response
from sqlmodel import Session

from service.cases.policy import Act
from service.cases.queries import is_seen, lock_cases
from service.core.errors import Invalid, NotPermitted, Refusal, invalid
from service.people.directory import at_desk
from service.people.identity import Me as Reader
from service.records.cases import Case
from service.records.people import Person
from service.routing.acknowledge import acknowledge
from service.routing.assign import assign
from service.timeline.entries import apart
from service.web.deeds import found
from service.web.doing import named
from service.web.forms import Sent as Body
from service.web.given import Data, Db, Me, Now, Sent
from service.web.pages import by_field, go_to, page
from service.web.queue import FOR_DESKS, first_desk, pairs_of, query_of

MOST_AT_ONCE = 100
NOBODY = "none"
"""As the filter has it: the cases go back to the queue."""
TICK_FIRST = "Tick at least one case first."


@post("/queue/acknowledge", status_code=303, sync_to_thread=True)
def acknowledge_from_row(db: Db, me: Me, now: Now, sent: Sent) -> Response:
    """Say that these cases have been read."""
    return _each(db, me, sent, Act.ACKNOWLEDGE, lambda case: acknowledge(db, me, case, at=now), "read")


@post("/queue/take", status_code=303, sync_to_thread=True)
def take_from_row(db: Db, me: Me, now: Now, sent: Sent) -> Response:
    """Give these cases to me, as far as nobody has them; a case that a colleague took meanwhile stays theirs."""
    mine = named(db, me.email, "person")

    def take(case: Case) -> None:
        # Of two who press at the same moment only one has it; to take it over is a deed on the case's own page.
        if case.assigned_to_id not in (None, me.id):
            raise Refusal(f"{db.get_one(Person, case.assigned_to_id).name} has it already")
        assign(db, me, case, mine, at=now)

    return _each(db, me, sent, Act.ASSIGN, take, "yours")


@post("/queue/choose", status_code=303, sync_to_thread=True)
def choose(me: Me, sent: Sent) -> Response:
    """Take the ticked cases to the page that asks to whom they go."""
    if not me.desks:
        raise NotPermitted(FOR_DESKS)
    if not (chosen := sent.fields.get("case")):
        return go_to(f"/queue{query_of(sent.one('back'))}", TICK_FIRST, refused=True)
    told = [("case", reference[:20]) for reference in chosen[:MOST_AT_ONCE]]
    return go_to(f"/queue/give?{urlencode([*told, ('back', sent.one('back'))])}")


@get("/queue/give", sync_to_thread=True)
def give_page(db: Db, me: Me, request: Request) -> Response:
    """Choose to whom the cases go that were ticked in the queue."""
    said = request.query_params
    return _give(db, me, said.getall("case", []), said.get("back", ""))


def _give(db: Session, me: Reader, chosen: list[str], back: str, refusal: Refusal | None = None) -> Response:
    if not me.desks:
        raise NotPermitted(FOR_DESKS)
    if not chosen:
        return go_to(f"/queue{query_of(back)}", TICK_FIRST, refused=True)
    asked = dict(pairs_of(back)).get("desk")
    desk = next((desk for desk in me.desks if desk == asked), first_desk(me.desks))
    return page(
        "give.html",
        me,
        refusal.status if refusal else 200,
        chosen=[reference[:20] for reference in chosen[:MOST_AT_ONCE]],
        people=[(person.email, person.name) for person in at_desk(db, desk)],
        back=back,
        desk=desk.value,
        errors=by_field(refusal) if refusal else {},
        typed={},
    )


@post("/queue/give", status_code=303, sync_to_thread=True)
def give(db: Db, database: Data, me: Me, now: Now, sent: Sent) -> Response:
    """Give several cases to one person, or back to the queue."""
    try:
        if not (chosen := sent.one("person")):
            raise invalid("person", "Choose somebody.")
        person = named(db, chosen, "person") if chosen != NOBODY else None
    except Invalid as wrong:
        db.rollback()
        with database.read() as fresh:
            return _give(fresh, me, sent.fields.get("case", []), sent.one("back"), wrong)
    state = f"with {person.name}" if person else "with nobody"
    return _each(db, me, sent, Act.ASSIGN, lambda case: assign(db, me, case, person, at=now), state)


def _each(db: Session, me: Reader, sent: Body, act: Act, do: Callable[[Any], None], state: str) -> Response:
    """Do it to each case on its own: what is refused for one is said, and the rest is done."""
    chosen = sorted({*sent.fields.get("one", []), *(sent.fields.get("case", []) if not sent.one("one") else [])})
    done, refused = [], dict[str, list[str]]()
    # All of them first, in one order: two batches that share cases must not wait for one another.
    lock_cases(db, *(reference for reference in chosen[:MOST_AT_ONCE] if is_seen(db, me, reference)))
    for reference in chosen[:MOST_AT_ONCE]:
        try:
            with apart(db):
                do(found(db, me, reference, act, lambda _: None).case)
        except Refusal as refusal:
            refused.setdefault(refusal.detail.rstrip("."), []).append(reference[:20])
        else:
            done.append(reference)
    told = [f"{_cases(len(done), done)} now {state}."] if done else []
    told += [f"{reason}: {', '.join(references)}." for reason, references in refused.items()]
    return go_to(f"/queue{query_of(sent.one('back'))}", " ".join(told) or TICK_FIRST, refused=not done)


def _cases(count: int, references: list[str]) -> str:
    return f"{references[0]} is" if count == 1 else f"{count} cases are"


routes = [acknowledge_from_row, take_from_row, choose, give_page, give]

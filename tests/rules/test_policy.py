"""One policy read three ways: the list, the single read and the buttons agree, for whatever relations there are."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlmodel import col

from service.cases import policy
from service.cases.asked import waiting_at_desks
from service.cases.lists import list_cases
from service.cases.narrowing import Filters
from service.cases.policy import MAY, Act
from service.cases.queries import find_case
from service.cases.relations import Relation
from service.core.errors import NotFound, NotPermitted
from service.people.identity import Me, by_token, make_token
from service.records.cases import Case, Conflict, Route
from service.records.enums import DeskName, Scope, Stage
from service.records.people import Person
from tests.conftest import AT, START
from tests.makers import APOLOGY, NO_DANGER, OFFICIAL

CAST = (
    "head manager staff colleague outsider services digital digital2 hr hr2 media data servicesdesk auditor admin"
).split()
HOLDERS = (DeskName.DIGITAL_UNIT, DeskName.FCO_SERVICES, DeskName.MEDIA_OFFICE)
PEOPLE = st.sampled_from(CAST)
SETTINGS: dict[str, Any] = {
    "suppress_health_check": list(HealthCheck),
    # Each example is many requests: add Phase.shrink to make a failing one smaller.
    "phases": (Phase.reuse, Phase.generate),
}


@dataclass(frozen=True)
class Stay:
    """A stay at a desk, or with a manager."""

    desk: DeskName
    person: str | None
    ended: bool


STAYS = st.builds(Stay, st.sampled_from(DeskName), st.none(), st.booleans()) | st.builds(
    Stay, st.just(DeskName.LINE_MANAGER), PEOPLE, st.booleans()
)


SEATS = {
    "digital": DeskName.DIGITAL_UNIT,
    "digital2": DeskName.DIGITAL_UNIT,
    "hr": DeskName.HR,
    "hr2": DeskName.HR,
    "media": DeskName.MEDIA_OFFICE,
    "data": DeskName.DATA_PROTECTION,
    "servicesdesk": DeskName.FCO_SERVICES,
}
LEADS = {"digital": DeskName.DIGITAL_UNIT, "hr": DeskName.HR}


@dataclass(frozen=True)
class Arrangement:
    """Who stands how to a case."""

    reporter: str
    subject: str | None
    conflicted: frozenset[str] = frozenset()
    stays: tuple[Stay, ...] = ()
    holder: DeskName = DeskName.DIGITAL_UNIT
    stage: Stage = Stage.REPORTED

    def walled(self, who: str) -> bool:
        """Whether a desk, a lead or a manager's place is nothing to them here."""
        return who in {self.reporter, self.subject} | self.conflicted

    def relations(self, who: str) -> set[Relation]:
        """How somebody stands to the case, written from the page on who may see what."""
        held = {Relation.REPORTER} if who == self.reporter else set()
        if self.walled(who):
            return held
        seat = SEATS.get(who)
        ever = {stay.desk for stay in self.stays}
        now = {stay.desk for stay in self.stays if not stay.ended}
        if any(s.desk is DeskName.LINE_MANAGER and s.person == who and not s.ended for s in self.stays):
            held.add(Relation.ROUTED_MANAGER)
        if seat is self.holder:
            held.add(Relation.HOLDER)
            if LEADS.get(who) is seat:
                held.add(Relation.LEAD)
        if seat is DeskName.DIGITAL_UNIT and DeskName.DIGITAL_UNIT in ever:
            held.add(Relation.DIGITAL_UNIT)
        if seat in (DeskName.MEDIA_OFFICE, DeskName.FCO_SERVICES) and seat in now:
            held.add(Relation.DESK)
        if seat is DeskName.DATA_PROTECTION and seat in now:
            held.add(Relation.DATA_PROTECTION)
        if seat is DeskName.HR and seat in now:
            held.add(Relation.HR_DESK)
        if who == "auditor":
            held.add(Relation.AUDITOR)
        return held


@st.composite
def arrangements(draw) -> Arrangement:
    """Any relations at all, but for one: the desk that holds a case has been sent it."""
    holder = draw(st.sampled_from(HOLDERS))
    return Arrangement(
        reporter=draw(PEOPLE),
        subject=draw(st.none() | PEOPLE),
        conflicted=draw(st.frozensets(PEOPLE, max_size=6)),
        stays=(Stay(holder, None, draw(st.booleans())), *draw(st.lists(STAYS, max_size=6))),
        holder=holder,
        stage=draw(st.sampled_from(Stage)),
    )


ARRANGEMENTS = arrangements()


class Stand:
    """The cast, and cases put as an arrangement says."""

    def __init__(self, database, token) -> None:
        self.database, self.token = database, token
        self.web: dict[str, Any] = {}
        with database.write() as db:
            people = {p.email.removesuffix(AT): p for p in db.execute(select(Person)).scalars()}
            self.ids = {name: people[name].id for name in CAST}
            self.me: dict[str, Me] = {}
            for name in CAST:
                me = by_token(db, make_token(db, people[name], list(Scope), 90, START), START)
                assert me is not None
                self.me[name] = me

    def client(self, who: str):
        """That person's client of the API."""
        return self.web.setdefault(who, self.token(who))

    def report(self, who: str, **facts: Any) -> str:
        """A case through the front door."""
        told = {"kind": "mistake", "account": OFFICIAL, "facts_wrong": "unsure", **NO_DANGER, **facts}
        made = self.client(who).post("/api/cases", json=told)
        assert made.status_code == 201, made.text
        return made.json()["reference"]

    def put(self, reference: str, how: Arrangement) -> None:
        """Its rows as the arrangement says, whatever deeds would have led there."""
        with self.database.write() as db:
            case_id = db.execute(select(col(Case.id)).where(col(Case.reference) == reference)).scalar_one()
            db.execute(
                update(Case)
                .where(col(Case.id) == case_id)
                .values(
                    subject_id=self.ids[how.subject] if how.subject else None,
                    holding_desk=how.holder,
                    stage=how.stage,
                    triaged_at=None if how.stage is Stage.REPORTED else START,
                    closed_at=START if how.stage is Stage.CLOSED else None,
                )
            )
            db.execute(delete(Route).where(col(Route.case_id) == case_id))
            for stay in how.stays:
                person = self.ids[stay.person] if stay.person else None
                ended = START if stay.ended else None
                route = {"case_id": case_id, "desk": stay.desk, "person_id": person, "because": "arranged"}
                db.execute(insert(Route).values(**route, sent_at=START, ended_at=ended))
            # A manager who is not to be told is walled off already.
            there = set(db.execute(select(col(Conflict.person_id)).where(col(Conflict.case_id) == case_id)).scalars())
            for who in (each for each in how.conflicted if self.ids[each] not in there):
                db.execute(insert(Conflict).values(case_id=case_id, person_id=self.ids[who], reason="x", at=START))


@pytest.fixture
def stand(database, token):
    return Stand(database, token)


def test_list_single_read_and_buttons_agree(stand):
    @given(ARRANGEMENTS)
    @settings(max_examples=40, **SETTINGS)
    def agree(how):
        reference = stand.report(how.reporter)
        stand.put(reference, how)
        for who, me in stand.me.items():
            wanted = how.relations(who)
            with stand.database.read() as db:
                rows, _ = list_cases(db, me, Filters(), at=START, limit=100)
                listed = [row for row in rows if row["reference"] == reference]
                try:
                    held: frozenset[Relation] = find_case(db, me, reference).held
                except NotFound:
                    held = frozenset()
            assert held == wanted, who
            assert bool(listed) == bool(wanted) == policy.permitted(Act.VIEW, held, me), who
            for act in Act:
                assert policy.permitted(act, held, me) == bool(held & set(MAY[act])), (who, act)
            if listed and wanted <= {Relation.AUDITOR}:
                assert "title" not in listed[0]
            if how.walled(who) and who != how.reporter:
                assert not wanted

    agree()


def test_every_narrowed_list_and_count_stays_within_what_is_seen(stand):
    @given(ARRANGEMENTS)
    @settings(max_examples=15, **SETTINGS)
    def within(how):
        reference = stand.report(how.reporter)
        stand.put(reference, how)
        narrowed = [
            *(Filters(desk=desk, order=order) for desk in DeskName for order in ("worst", "newest")),
            *(Filters(mine=True), Filters(open_only=True), Filters(overdue=True), Filters(q=reference)),
            *(Filters(assigned="me"), Filters(assigned="none"), Filters(stage=how.stage)),
        ]
        for who in ("digital", "media", "hr", "data", "manager", "staff", "auditor", "admin"):
            me, seen = stand.me[who], bool(how.relations(who))
            with stand.database.read() as db:
                for filters in narrowed:
                    rows, _ = list_cases(db, me, filters, at=START, limit=100)
                    assert seen or reference not in {row["reference"] for row in rows}, (who, filters)
                looked_for, _ = list_cases(db, me, Filters(q=reference), at=START)
                assert [row["reference"] for row in looked_for] == ([reference] if seen else []), who

    within()


def test_a_conflict_takes_a_case_out_of_the_desks_number(stand):
    me = stand.me["digital2"]
    reference = stand.report("staff")
    with stand.database.read() as db:
        assert waiting_at_desks(db, me) == {DeskName.DIGITAL_UNIT: 1}
    stay = Stay(DeskName.DIGITAL_UNIT, None, ended=False)
    stand.put(reference, Arrangement("staff", "staff", frozenset({"digital2"}), (stay,)))
    with stand.database.read() as db:
        assert waiting_at_desks(db, me) == {DeskName.DIGITAL_UNIT: 0}
        assert waiting_at_desks(db, stand.me["digital"]) == {DeskName.DIGITAL_UNIT: 1}


REASON = {"reason": "We looked"}
MYSELF = "whoever asks"
TRIES: dict[Act, tuple[str, str, dict[str, Any]]] = {
    Act.TAKE_STEP: ("POST", "/steps/apologise/take", {"public_text": APOLOGY}),
    Act.CANNOT: ("POST", "/steps/delete/cannot", {"reason": "hacked"}),
    Act.CHANGE_FACTS: ("PATCH", "", {"media_interest": True}),
    Act.MESSAGE: ("POST", "/messages", {"text": "A word"}),
    Act.WITHDRAW: ("POST", "/withdraw", REASON),
    Act.ACKNOWLEDGE: ("POST", "/acknowledge", {}),
    Act.NOTE: ("POST", "/notes", {"text": "A word", "audience": "digital_unit"}),
    Act.TRIAGE: ("POST", "/triage", {}),
    Act.ASK: ("POST", "/ask", {"steps": ["delete"], "of": "colleague" + AT, **REASON}),
    Act.ASSIGN: ("POST", "/assign", {"person": None}),
    Act.NAME_MANAGER: ("POST", "/manager", {"email": "head" + AT}),
    Act.EXPOSURE: ("POST", "/exposure", {"reach": 7}),
    Act.VERIFY: ("POST", "/steps/delete/verify", {}),
    Act.WAIVE: ("POST", "/steps/correct/waive", REASON),
    Act.RELEASE: ("POST", "/steps/apologise/release", {}),
    Act.OPEN: ("POST", "/open", REASON),
    Act.PURGE: ("POST", "/purge", {"fields": ["account.handle"], **REASON}),
    Act.SEND: ("POST", "/send", {"desk": "media_office", **REASON}),
    Act.ADVISE: ("POST", "/advice", {"text": "Use two devices."}),
    Act.DECIDE_REFERRAL: ("POST", "/referral-decision", {"refer": False, **REASON}),
    Act.DECIDE_PROTECTION: ("POST", "/protection-decision", {"question": "affected", "tell": True, **REASON}),
    Act.NAME_CONFLICT: ("POST", "/conflict", {"person": "admin" + AT, **REASON}),
    Act.HAVE_CONFLICT: ("POST", "/conflict", {"person": MYSELF, **REASON}),
    # Whether another case looks the same is not tried here: this one stays where it is.
    Act.MERGE: ("POST", "/merge", {"into": "SM-2026-000000"}),
    Act.SAY_SAME: ("POST", "/same", {"as": "SM-2026-000000"}),
    Act.CLOSE: ("POST", "/close", {"resolution": "advice_given"}),
    Act.REOPEN: ("POST", "/reopen", REASON),
    Act.DISCLOSE: ("POST", "/disclose", {"facts": ["account.type"]}),
    Act.REVEAL: ("POST", "/reveal", REASON),
}


def test_every_act_on_a_page_is_tried():
    assert set(TRIES) | {Act.VIEW, Act.ADD_EVIDENCE} == set(Act)


@pytest.mark.slow
def test_what_is_offered_is_never_forbidden_and_what_is_not_offered_is_refused(stand):
    @given(
        ARRANGEMENTS,
        st.lists(PEOPLE, min_size=2, max_size=3, unique=True),
        st.permutations(sorted(TRIES)),
        st.booleans(),
        st.booleans(),
    )
    @settings(max_examples=10, **SETTINGS)
    def offered(how, askers, acts, guarded, not_this_manager):
        reference = stand.report(how.reporter, safety_risk="unsure" if guarded else "no", not_manager=not_this_manager)
        stand.put(reference, how)
        address = f"/api/cases/{reference}"
        for who in dict.fromkeys((*askers, how.reporter, "digital")):
            web = stand.client(who)
            for act in acts:
                # Looked at anew each time: a deed may send the case to somebody, or name a conflict.
                seen = web.get(address)
                assert seen.status_code in (200, 404), who
                sees = seen.status_code == 200
                may = seen.json()["may"] if sees else []
                method, path, body = TRIES[act]
                told = {name: who + AT if said == MYSELF else said for name, said in body.items()}
                done = web.request(method, address + path, json=told)
                told = (who, act, sorted(may), done.status_code, done.text)
                # Whoever it is that is named as conflicted says it of themselves.
                mine = act is Act.NAME_CONFLICT and body["person"] == who + AT and Act.HAVE_CONFLICT in may
                if not sees:
                    assert done.status_code == 404, told
                elif act in may or mine:
                    assert done.status_code in (200, 201, 409, 422), told
                elif guarded or act in (Act.NAME_MANAGER, Act.MERGE, Act.SAY_SAME):
                    # What is sent is judged before the state: closed fields, a manager who has a part in the case,
                    # another case that is not there.
                    assert done.status_code in (403, 409, 422), told
                else:
                    assert done.status_code in (403, 409), told

    offered()


def test_reading_tokens_do_nothing_else(stand, token):
    reference = stand.report("staff")
    for who in ("staff", "digital", "manager"):
        reader = token(who, "read")
        seen = reader.get(f"/api/cases/{reference}")
        assert seen.json()["may"] == ["view"]
        for method, path, body in TRIES.values():
            assert reader.request(method, f"/api/cases/{reference}{path}", json=body).status_code == 403, (who, path)
        assert reader.post("/api/cases", json={"kind": "mistake"}).status_code == 403


def test_require_says_what_permitted_says():
    me = Me(1, "a@b", "A", "UTC", "fco")  # type: ignore[arg-type]  # its employer plays no part
    for act in Act:
        for relation in Relation:
            held = frozenset({relation})
            if relation in MAY[act]:
                policy.require(act, held, me)
            else:
                with pytest.raises(NotPermitted):
                    policy.require(act, held, me)
    # Whoever is asked for advice sees it through a desk, or as the line manager; a lead sees what their desk holds.
    assert set(MAY[Act.VIEW]) == set(Relation) - {Relation.ADVISER, Relation.LEAD}

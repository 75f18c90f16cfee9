"""The life of a case is a table: whatever is done in whatever order, nothing closes with a step outstanding."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlmodel import col

from service.app import create_app
from service.cases.lifecycle import MOVES, SETTLED, Move, Standing, after
from service.cases.pinned import register
from service.core.errors import Refusal
from service.core.settings import Settings
from service.people.identity import Me, by_token, make_token
from service.records.cases import Case, Route, Step
from service.records.enums import (
    AccountType,
    Answer,
    Code,
    DeskName,
    Kind,
    NoteAudience,
    Resolution,
    Scope,
    Severity,
    Stage,
    StepKind,
    StepState,
)
from service.records.people import Person
from service.records.said import Advice, Note, ReferralDecision
from service.records.timeline import TimelineEntry
from service.verification.log import verify_log
from service.web.deeds import DEEDS, found, report, step_kind
from service.web.forms import Sent
from service.web.schemas import ReportIn
from service.web.visit import House, Visit, begin
from tests.conftest import AT, BASE, START

RANK = {severity: rank for rank, severity in enumerate(Severity)}
ANSWERS = st.sampled_from(Answer)
CODES = st.sets(st.sampled_from(Code), max_size=4).map(sorted)

STANDINGS = st.builds(
    Standing,
    kind=st.sampled_from(Kind),
    steps=st.fixed_dictionaries({kind: st.sampled_from(StepState) for kind in StepKind}).map(
        lambda d: tuple(d.items())
    ),
    advised=st.booleans(),
    hr_suggested=st.booleans(),
    hr_decided=st.booleans(),
    referred=st.booleans(),
    resolution=st.sampled_from(Resolution),
    duplicate_of=st.sampled_from([None, "SM-2026-000001"]),
)
ALL_TAKEN = tuple((kind, StepState.TAKEN) for kind in StepKind)
READY = Standing(Kind.MISTAKE, ALL_TAKEN, advised=True, hr_suggested=False, hr_decided=False, referred=False)


def unmet_by_hand(standing: Standing) -> set[str]:
    """What stands in the way of closing, written from the page on stages and from nothing else."""
    if standing.kind == "advice":
        return unmet_of_a_question(standing)
    missing = {f"steps.{kind}" for kind, state in standing.steps if state in ("due", "held", "undecided")}
    if standing.kind == "mistake" and not standing.advised:
        missing.add("advice")
    if standing.hr_suggested and not standing.hr_decided:
        missing.add("referral_decision")
    if standing.resolution == "referred" and not standing.referred:
        missing.add("resolution")
    if standing.resolution == "duplicate" and not standing.duplicate_of:
        missing.add("duplicate_of")
    return missing


def unmet_of_a_question(standing: Standing) -> set[str]:
    missing = {"advice"} if not standing.advised and standing.resolution != "withdrawn" else set()
    if standing.resolution == "referred" and not standing.referred:
        missing.add("resolution")
    if standing.resolution == "duplicate" and not standing.duplicate_of:
        missing.add("duplicate_of")
    return missing


def outcome(stage: Stage, move: Move, standing: Standing) -> Stage | Refusal:
    """Where a move leads, or the no."""
    try:
        return after(stage, move, standing)
    except Refusal as refusal:
        return refusal


@given(STANDINGS)
@example(READY)
def test_closing_succeeds_if_and_only_if_nothing_is_outstanding(standing):
    wanted = unmet_by_hand(standing)
    # A question is closed from where it was reported: it is never triaged.
    led = outcome(Stage.REPORTED if standing.kind == "advice" else Stage.IN_HAND, Move.CLOSE, standing)
    if wanted:
        assert isinstance(led, Refusal)
        assert led.status == 409
        assert {error.field for error in led.errors} == wanted
        assert all(error.message for error in led.errors)
    else:
        assert led is Stage.CLOSED


@given(STANDINGS)
def test_a_question_is_never_in_hand(standing):
    question = replace(standing, kind=Kind.ADVICE)
    assert isinstance(outcome(Stage.REPORTED, Move.TRIAGE, question), Refusal)
    assert isinstance(outcome(Stage.IN_HAND, Move.CLOSE, question), Refusal)
    assert outcome(Stage.CLOSED, Move.RESTORE, question) is Stage.REPORTED


@given(STANDINGS.filter(lambda standing: standing.kind != "advice"))
def test_before_triage_nothing_closes_and_all_that_is_missing_is_named(standing):
    led = outcome(Stage.REPORTED, Move.CLOSE, standing)
    assert isinstance(led, Refusal)
    assert {error.field for error in led.errors} == unmet_by_hand(standing) | {"stage"}


@pytest.mark.parametrize(("stage", "move"), list(product(Stage, Move)))
def test_every_move_is_in_the_table_or_refused(stage, move):
    led = outcome(stage, move, READY)
    if (stage, move) in MOVES:
        assert led is MOVES[stage, move].stage
        assert led is not stage
    else:
        assert isinstance(led, Refusal)
        assert led.status == 409
        assert led.detail


def test_the_table_is_the_one_on_the_page():
    assert {(stage, move): to.stage for (stage, move), to in MOVES.items()} == {
        ("reported", "triage"): "in_hand",
        ("in_hand", "close"): "closed",
        ("reported", "merge"): "closed",
        ("in_hand", "merge"): "closed",
        ("closed", "reopen"): "in_hand",
        ("closed", "restore"): "reported",
    }
    assert {"taken", "waived", "not_needed"} == SETTLED


APOLOGY = "We are sorry. This was posted by mistake and is not an official view."
CORRECTION = "Correction: we said the talks are on Monday. They are on Tuesday."
WORDS = {StepKind.APOLOGISE: APOLOGY, StepKind.CORRECT: CORRECTION}
BY_PATH = {deed.path.replace("{kind:str}/", ""): deed for deed in DEEDS}
SEEN: Counter[str] = Counter()
"""What the runs really came to, so that a machine that never closes anything is noticed."""


class Life(RuleBasedStateMachine):
    """One case, the people around it, and everything that they can do to it, in any order."""

    house: House
    people: dict[str, Me]

    @initialize(
        codes=CODES,
        facts_wrong=ANSWERS,
        safety_risk=st.sampled_from([Answer.NO, Answer.NO, Answer.UNSURE]),
        account=st.sampled_from(AccountType),
        personal_data=st.sampled_from([None, Answer.UNSURE, Answer.YES]),
        who=st.sampled_from(["staff", "services"]),
    )
    def reported(self, codes, facts_wrong, safety_risk, account, personal_data, who):
        if Code.FACTUAL_ERROR in codes and facts_wrong is Answer.NO:
            facts_wrong = Answer.YES
        self.at, self.version, self.reporter = START, 0, who
        told = ReportIn(
            kind=Kind.MISTAKE,
            codes=codes,
            facts_wrong=facts_wrong,
            safety_risk=safety_risk,
            personal_data=personal_data,
            account={"type": account},
        )
        with self.house.database.write() as db:
            self.reference = report(db, self.people[who], told, self.house.rules, self.at).reference
        self._look()

    def do(self, who: str, path: str, **body: Any) -> bool:
        """One deed through the door that pages and programs share; False when it was refused, and nothing changed."""
        deed, place = BY_PATH[path], {}
        if path.startswith("steps/"):
            place["kind"] = step_kind(body.pop("kind"))
        begin(Visit(self.house, "POST", "/", at=self.at))
        sent = Sent("POST", "/", self.at, json.dumps(body).encode(), "application/json")
        before = self.version
        refused = None
        try:
            with self.house.database.write() as db:
                here = found(db, self.people[who], self.reference, deed.act, sent.if_match)
                deed.do(db, self.people[who], here, sent.read(deed.body), self.at, **place)
        except Refusal as refusal:
            refused = refusal.status
        if refused:
            self._look()
            assert refused in (403, 404, 409, 422), path
            assert self.version == before, f"{path} was refused and changed something"
            SEEN[f"{path} refused"] += 1
            return False
        self._look()
        SEEN[path] += 1
        return True

    def _look(self) -> None:
        with self.house.database.read() as db:
            case = db.execute(select(Case).where(col(Case.reference) == self.reference)).scalar_one()
            self.steps = {
                StepKind(step.kind): step
                for step in db.execute(select(Step).where(col(Step.case_id) == case.id)).scalars()
            }
            self.advised = db.execute(select(col(Advice.id)).where(col(Advice.case_id) == case.id)).first() is not None
            decisions = select(ReferralDecision).where(col(ReferralDecision.case_id) == case.id)
            self.decisions = [row for row in db.execute(decisions).scalars() if row.counts]
            self.sequences = list(
                db.execute(
                    select(TimelineEntry.sequence)
                    .where(col(TimelineEntry.case_id) == case.id)
                    .order_by(col(TimelineEntry.position))
                ).scalars()
            )
            self.routes = list(db.execute(select(Route).where(col(Route.case_id) == case.id)).scalars())
        assert case.version >= self.version, "the version went back"
        self.case, self.version = case, case.version

    @property
    def holder(self) -> str:
        """Who sits at the desk that holds the case."""
        return {DeskName.DIGITAL_UNIT: "digital", DeskName.FCO_SERVICES: "servicesdesk"}[self.case.holding_desk]

    @rule(minutes=st.integers(1, 3000))
    def time_goes_by(self, minutes):
        self.at += timedelta(minutes=minutes)

    @rule(kind=st.sampled_from(StepKind), wordy=st.booleans())
    def take(self, kind, wordy):
        self.do(
            self.reporter, "steps/take", kind=kind, **({"public_text": WORDS[kind]} if wordy and kind in WORDS else {})
        )

    @rule(deed=st.sampled_from(["waive", "verify", "release"]), kind=st.sampled_from(StepKind))
    def settle(self, deed, kind):
        self.do(self.holder, f"steps/{deed}", kind=kind, **({"reason": "Not ours"} if deed == "waive" else {}))

    @rule(kind=st.sampled_from(StepKind), reason=st.sampled_from(["hacked", "I forgot how"]))
    def cannot(self, kind, reason):
        self.do(self.reporter, "steps/cannot", kind=kind, reason=reason)

    @rule(by_desk=st.booleans(), codes=st.none() | CODES, facts_wrong=st.none() | ANSWERS, risk=st.none() | ANSWERS)
    def change_facts(self, by_desk, codes, facts_wrong, risk):
        said = {"codes": codes, "facts_wrong": facts_wrong, "safety_risk": risk}
        body = {name: value for name, value in said.items() if value is not None}
        self.do(self.holder if by_desk else self.reporter, "facts", **body)

    @rule(
        by_desk=st.booleans(),
        code=st.none() | st.sampled_from(Code),
        asked=st.sampled_from(["safety_risk", "possibly_classified", "personal_data"]),
        media=st.booleans(),
    )
    def one_fact_more_never_lowers_severity(self, by_desk, code, asked, media):
        assume(code is not Code.FACTUAL_ERROR or self.case.facts_wrong != Answer.NO)
        before = RANK[self.case.severity]
        body = {asked: Answer.YES} if code is None else {"codes": sorted({*self.case.codes, code})}
        if self.do(
            self.holder if by_desk else self.reporter, "facts", **body, **({"media_interest": True} if media else {})
        ):
            assert RANK[self.case.severity] <= before
            SEEN["one fact more"] += 1

    @rule(visible=st.booleans(), media=st.none() | st.booleans())
    def exposure(self, visible, media):
        self.do(
            self.reporter, "exposure", still_visible=visible, **({} if media is None else {"media_interest": media})
        )

    @rule(severity=st.none() | st.sampled_from(Severity), codes=st.none() | CODES, note=st.booleans())
    def triage(self, severity, codes, note):
        body = {"severity": severity, "codes": codes, "note": "A note" if note else None}
        before = self.case.stage
        if self.do(self.holder, "triage", **{name: value for name, value in body.items() if value is not None}):
            assert (before, self.case.stage) == (Stage.REPORTED, Stage.IN_HAND)

    @rule(who=st.sampled_from(["manager", "digital", "data", "servicesdesk", "outsider"]))
    def acknowledge(self, who):
        self.do(who, "acknowledge")

    @rule(desk=st.sampled_from(DeskName))
    def send(self, desk):
        self.do(self.holder, "send", desk=desk, reason="They should know")

    @rule(who=st.sampled_from(["digital2", "digital", None, "manager"]))
    def assign(self, who):
        self.do(self.holder, "assign", person=who and who + AT)

    @rule(what=st.sampled_from(["advice", "messages", "notes", "withdraw", "open"]))
    def speak(self, what):
        body = {"reason": "Because"} if what in ("withdraw", "open") else {"text": "A word"}
        if what == "notes":
            body["audience"] = NoteAudience.DIGITAL_UNIT
        self.do(self.reporter if what == "withdraw" else self.holder, what, **body)

    @rule(who=st.sampled_from(["manager", "holder"]), refer=st.booleans())
    def decide(self, who, refer):
        decided = len(self.decisions)
        if self.do(self.holder if who == "holder" else who, "referral-decision", refer=refer, reason="We looked"):
            # A manager proposes, before the decision or after it; what counts is decided once.
            assert len(self.decisions) == (decided if who == "manager" else 1)
            assert who == "manager" or decided == 0

    @rule(question=st.sampled_from(["regulator", "affected"]), tell=st.booleans())
    def protect(self, question, tell):
        self.do("data", "protection-decision", question=question, tell=tell, reason="We weighed it")

    @rule(field=st.sampled_from(["account.platform", "notes", "advice", "steps.apologise.public_text"]))
    def purge(self, field):
        with self.house.database.read() as db:
            table = {"notes": Note, "advice": Advice}.get(field)
            last = (
                db.execute(select(func.max(table.id)).where(table.case_id == self.case.id)).scalar() if table else None
            )
        self.do(self.holder, "purge", fields=[f"{field}.{last}" if last else field], reason="Spilt")

    @precondition(lambda self: self.case.stage != Stage.CLOSED)
    @rule(waive=st.booleans(), spoken=st.booleans())
    def put_right(self, waive, spoken):
        self._put_right(waive, spoken)

    @rule(waive=st.booleans(), but=st.none() | st.sampled_from([StepKind.DELETE, StepKind.APOLOGISE, StepKind.CORRECT]))
    def go_through_to_the_end(self, waive, but):
        self._put_right(waive, spoken=True, but=but)
        self._close(Resolution.ADVICE_GIVEN)

    def _put_right(self, waive: bool, spoken: bool, but: StepKind | None = None) -> None:
        """Most of the way to the end, so that runs often come near it; `but` one step, which is left as it is."""
        for kind, step in list(self.steps.items()):
            if kind is but:
                continue
            if step.state == StepState.HELD and not waive:
                self.do(self.holder, "steps/release", kind=kind)
            words = WORDS.get(kind, "Done")
            taken = not waive and self.do(self.reporter, "steps/take", kind=kind, public_text=words)
            if not taken and self.steps[kind].state not in SETTLED:
                self.do(self.holder, "steps/waive", kind=kind, reason="Not ours")
        if self.case.stage == Stage.REPORTED:
            self.do(self.holder, "triage")
        if spoken:
            self.do(self.holder, "advice", text="Use two devices.")
            self.do(self.holder, "referral-decision", refer=waive, reason="We looked")

    @rule(resolution=st.sampled_from([*Resolution, Resolution.ADVICE_GIVEN]))
    def close(self, resolution):
        self._close(resolution)

    def _close(self, resolution: Resolution) -> None:
        before, outstanding = self.case.stage, self.outstanding(resolution)
        closed = self.do(self.holder, "close", resolution=resolution)
        assert closed == (before == Stage.IN_HAND and not outstanding), (before, outstanding, closed)

    @rule()
    def reopen(self):
        before = self.case.stage
        assert self.do(self.holder, "reopen", reason="There is more") == (before == Stage.CLOSED)

    def outstanding(self, resolution: Resolution | None) -> list[str]:
        """What the rows say is missing, judged here by hand."""
        missing = [kind.value for kind, step in self.steps.items() if step.state in ("due", "held", "undecided")]
        if not self.advised:
            missing.append("advice")
        if self.case.hr_suggested and not self.decisions:
            missing.append("decision")
        if resolution == "referred" and not any(decision.refer for decision in self.decisions):
            missing.append("referral")
        if resolution == "duplicate":
            missing.append("duplicate of which")
        return missing

    @invariant()
    def nothing_closed_is_outstanding(self):
        if self.case.stage == Stage.CLOSED:
            assert self.case.closed_at is not None
            assert self.outstanding(self.case.resolution) == []
        else:
            assert self.case.resolution is None
            assert self.case.closed_at is None

    @invariant()
    def only_steps_that_run_or_ran_have_a_deadline(self):
        for kind, step in self.steps.items():
            if step.state not in (StepState.DUE, StepState.TAKEN):
                assert step.due_at is None, kind
            if step.state == StepState.TAKEN:
                assert step.taken_at, kind
                assert step.recorded_at, kind

    @invariant()
    def on_a_guarded_case_no_words_go_out_before_they_are_released(self):
        if self.case.guarded:
            for kind in (StepKind.APOLOGISE, StepKind.CORRECT):
                step = self.steps[kind]
                assert step.state != StepState.DUE or step.released_at is not None, kind

    @invariant()
    def the_timeline_has_no_gaps(self):
        assert self.sequences == list(range(1, len(self.sequences) + 1))
        assert self.case.entries == len(self.sequences)

    def teardown(self):
        if hasattr(self, "case"):
            SEEN[f"ends {self.case.stage}"] += 1


@pytest.fixture
def house(sqlite_files, tmp_path):
    """The service's own rooms over a database of this test's."""
    path = tmp_path / "life.db"
    shutil.copyfile(sqlite_files["cast"], path)
    app = create_app(
        Settings(
            database_url=f"sqlite:///{path}",
            evidence_url="memory://",
            mail_url=f"file://{tmp_path}/mail",
            base_url=BASE,
            secret_key="a-secret-for-tests-only-0123456789",
        ),
        lambda: START,
    )
    house = app.state.house
    with house.database.write() as db:
        register(db, Path(house.settings.playbook), START)
    yield house
    house.close()


COME_TO = ("close", "close refused", "reopen", "one fact more")


@pytest.mark.slow
def test_no_sequence_of_deeds_closes_a_case_with_something_outstanding(house):
    everybody: dict[str, Me] = {}
    with house.database.write() as db:
        for person in db.execute(select(Person)).scalars().all():
            me = by_token(db, make_token(db, person, list(Scope), 90, START), START)
            assert me is not None
            everybody[person.email.removesuffix(AT)] = me

    class Machine(Life):
        pass

    Machine.house, Machine.people = house, everybody
    SEEN.clear()
    for _ in range(4):
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=50,
                stateful_step_count=35,
                # To make a failing run of so many deeds shorter would take minutes: add Phase.shrink when it is needed.
                phases=(Phase.reuse, Phase.generate),
                suppress_health_check=list(HealthCheck),
            ),
        )
        # Deeds are drawn at random, and some fifty lives come to none of these once in a while.
        if all(SEEN[came_to] for came_to in COME_TO):
            break
    with house.database.read() as db:
        assert verify_log(db) == []
    for came_to in COME_TO:
        assert SEEN[came_to], f"no run ever came to '{came_to}': {dict(SEEN)}"


def test_a_playbook_from_an_editor_that_marks_its_files_is_registered(house, tmp_path):
    """With a byte order mark and another system's line ends: `playbook check` takes it, so the start does too."""
    marked = tmp_path / "marked.toml"
    plain = Path(house.settings.playbook).read_text(encoding="utf-8")
    marked.write_bytes(b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode())
    with house.database.write() as db:
        register(db, marked, START)

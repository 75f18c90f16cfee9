"""The life of a referral: no way leads past an unmet gate, and every gate and stage has its words."""

import functools
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.core.clock import months_later
from service.core.errors import Refusal
from service.records.enums import FindingKind, Outcome, Part, ReferralStage
from service.records.room_words import CHECKS, CLOSED_TO, GATES, ROOM_NEXT
from service.referrals import life
from service.referrals.ahead import AHEAD, TO_CLOSE, WAITS, ahead
from service.referrals.gates import Standing
from service.referrals.life import MOVES, Act, after, gates, harsher, open_at, unmet
from service.referrals.policy import MAY

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MOMENTS = st.none() | st.integers(-100, 100).map(lambda hours: NOW + timedelta(hours=hours))
PEOPLE = st.dictionaries(st.sampled_from(Part), st.integers(1, 5))
STANDINGS = st.builds(
    Standing,
    at=st.just(NOW),
    informed=st.booleans(),
    people=PEOPLE,
    apart=st.frozensets(st.integers(1, 5)),
    findings=st.frozensets(st.sampled_from(FindingKind)),
    invited_for=MOMENTS,
    heard=st.booleans(),
    considered=st.booleans(),
    outcome=st.none() | st.sampled_from(Outcome),
    appeal_by=MOMENTS,
    appeal_invited_for=MOMENTS,
    appeal_heard=st.booleans(),
    appeal_decided=st.booleans(),
    paused=st.booleans(),
    suspended=st.booleans(),
    subject_known=st.booleans(),
)
READY = Standing(
    at=NOW,
    informed=True,
    people={Part.INVESTIGATOR: 1, Part.DECISION_MAKER: 2, Part.APPEAL_HEARER: 3},
    findings=frozenset({FindingKind.ESTABLISHED, FindingKind.MITIGATING}),
    invited_for=NOW - timedelta(days=1),
    heard=True,
    considered=True,
)
# What a fair decision needs, said once more and apart from the code: each is broken by itself.
BREAKS: dict[str, Callable[[Standing], Standing]] = {
    "informed": lambda now: replace(now, informed=False),
    "findings": lambda now: replace(now, findings=frozenset({FindingKind.MITIGATING})),
    "both_sides": lambda now: replace(now, findings=frozenset({FindingKind.ESTABLISHED})),
    "investigator": lambda now: replace(now, people={**now.people, Part.INVESTIGATOR: 2}),
    "decision_maker": lambda now: replace(now, apart=frozenset({2})),
    "invited": lambda now: replace(now, invited_for=None),
    "heard": lambda now: replace(now, heard=False),
    "considered": lambda now: replace(now, considered=False),
    "paused": lambda now: replace(now, paused=True),
}


MAIN = st.sampled_from([Act.ACCEPT, Act.APPOINT, Act.INVITE, Act.DECIDE])
EVER = (Act.NOTE, Act.NAME_CONFLICT, Act.TAKE_BACK_CONFLICT, Act.VIEW)
NEARLY = st.lists(st.sampled_from(sorted(BREAKS)), max_size=2).map(
    lambda names: functools.reduce(lambda now, name: BREAKS[name](now), names, READY)
)
"""Most ways end early where everything is drawn; these come close."""


def test_the_straight_way_leads_there() -> None:
    """So that the walks below are not all in vain."""
    stage = ReferralStage.RECEIVED
    for act in (Act.ACCEPT, Act.APPOINT, Act.INVITE, Act.DECIDE):
        stage = after(act, stage, READY)
        stage = life.after_appointing(stage, frozenset(Part)) if act is Act.APPOINT else stage
    assert stage is ReferralStage.DECIDED


@given(st.lists(st.tuples(MAIN | st.sampled_from(Act), NEARLY | STANDINGS), max_size=30))
def test_no_path_reaches_decided_past_an_unmet_gate(steps: list[tuple[Act, Standing]]) -> None:
    """Whatever is tried in whatever order: only a standing that is fair in all its parts is decided."""
    stage = ReferralStage.RECEIVED
    for act, now in steps:
        before = stage
        try:
            stage = after(act, stage, now)
            if act is Act.APPOINT:
                stage = life.after_appointing(stage, frozenset(now.people))
        except Refusal:
            assert stage is before
        if before is not ReferralStage.DECIDED and stage is ReferralStage.DECIDED:
            three = [now.people[part] for part in (Part.INVESTIGATOR, Part.DECISION_MAKER)]
            assert now.informed
            assert now.heard
            assert now.considered
            assert now.invited_for
            assert not now.paused
            assert len({*three}) == 2
            assert not now.apart & {*three}
            assert now.findings & {FindingKind.ESTABLISHED, FindingKind.NOT_ESTABLISHED}
            assert now.findings != {FindingKind.ESTABLISHED}
        if before is not ReferralStage.HEARING and stage is ReferralStage.HEARING:
            assert now.informed


@pytest.mark.parametrize("gate", BREAKS)
def test_each_gate_before_a_decision_stands_by_itself(gate: str) -> None:
    """All is there but for one thing, and that one is named, with its rule."""
    assert unmet(Act.DECIDE, ReferralStage.HEARING, READY) == []
    named = {fault.field for fault in unmet(Act.DECIDE, ReferralStage.HEARING, BREAKS[gate](READY))}
    assert gate in named
    assert named <= {gate, "decision_maker"}


def test_decided_is_reached_from_the_hearing_alone() -> None:
    """By deciding; and no act leads to it from anywhere else."""
    to = {(stage, act) for (stage, act), move in MOVES.items() if move.stage is ReferralStage.DECIDED is not stage}
    assert to == {(ReferralStage.HEARING, Act.DECIDE)}
    # Who has a part in it may be said at any time, also once it was returned.
    for act in Act:
        assert open_at(act, ReferralStage.RETURNED) == (act in EVER)


@given(STANDINGS, st.sampled_from(ReferralStage))
def test_the_checklist_says_what_the_next_move_says(now: Standing, stage: ReferralStage) -> None:
    """What it ticks off is met, and what it leaves open is refused; every line has its words."""
    decided = stage is ReferralStage.APPEALED and now.appeal_decided
    following = Act.CLOSE if decided else life.CHECKLIST.get(stage)
    listed = gates(stage, now)
    assert {name for name, _ in listed} <= set(CHECKS) & set(GATES)
    if following is not None:
        assert all(met for _, met in listed) == (unmet(following, stage, now) == [])


@given(NEARLY | STANDINGS)
def test_what_is_next_can_be_done(now: Standing) -> None:
    """Nobody is asked for what is refused, and nothing that has not ended is stuck."""
    assume(now.invited_for or not now.heard)
    assume(now.appeal_invited_for or not now.appeal_heard)
    for stage in AHEAD:
        if (now.paused and not open_at(Act.RESUME, stage)) or (stage is ReferralStage.HEARING and not now.informed):
            # No way leads there.
            continue
        step, by = ahead(stage, now) or ("", None)
        if step in WAITS:
            faults = {fault.field for fault in unmet(WAITS[step], stage, now)}
            assert {"wait_for_appeal": "appeal_open", "wait_for_hearing": "hearing_at"}[step] in faults
            continue
        act = Act(step)
        assert by in MAY[act]
        assert open_at(act, stage)
        # Whom it is about is for the desk to say.
        waits = {"subject"} if act is Act.ACCEPT else set()
        assert {fault.field for fault in unmet(act, stage, now)} <= waits


def test_every_next_step_has_its_words() -> None:
    steps = {what for steps in (*AHEAD.values(), TO_CLOSE) for _, what in steps}
    assert set(ROOM_NEXT) == steps | {Act.RESUME}
    assert set(AHEAD) == set(ReferralStage) - {ReferralStage.CLOSED, ReferralStage.RETURNED}


@given(STANDINGS, st.sampled_from(sorted(MOVES)))
def test_every_refusal_is_said_in_words(now: Standing, move: tuple[ReferralStage, Act]) -> None:
    """Whatever is not met has its sentence; and so has each stage at which something is not open."""
    stage, act = move
    for fault in unmet(act, stage, now):
        assert fault.message == GATES[fault.field]
    assert set(CLOSED_TO) == set(ReferralStage)


LAWS = "Equality Act 2010 and Employment Rights Act 1996"
RULES = re.compile(rf"\((Acas code, paragraphs? \d+( to \d+)?|Acas guide: .+|Our own rule.*|{LAWS})\)$")


@pytest.mark.parametrize("gate", sorted(GATES))
def test_each_refusal_says_where_its_rule_stands(gate: str) -> None:
    """At its end, after a sentence that says what to do or what is so."""
    assert RULES.search(GATES[gate]), GATES[gate]
    assert len(GATES[gate].partition(" (")[0]) > 20


@given(st.sampled_from(Outcome), st.sampled_from(Outcome))
def test_harsher_is_an_order(one: Outcome, other: Outcome) -> None:
    """One of two is harsher, unless they are the same."""
    assert harsher(one, other) + harsher(other, one) == (one is not other)
    assert not harsher(Outcome.NO_CASE, other)
    assert not harsher(one, Outcome.DISMISSAL)


@given(st.integers(0, 25_000).map(lambda days: NOW + timedelta(days=days)), st.integers(1, 120))
def test_months_later(start: datetime, months: int) -> None:
    """The same day so many months on, or the last one of a shorter month."""
    later = months_later(start, months)
    assert (later.year * 12 + later.month) - (start.year * 12 + start.month) == months
    assert later.day <= start.day
    assert later.time() == start.time()
    assert later.day == start.day or (later + timedelta(days=1)).day == 1

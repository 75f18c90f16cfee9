"""The demonstration: lifelike cases in every state, made once, sound, and shown by the pages."""

import io
import random
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from service.core.settings import Settings
from service.core.storage import open_store
from service.demo.cast import CAST
from service.demo.script import in_order, lives
from service.demo.seed import ALREADY, STRANGERS, seed
from service.evidence.places import original_key
from service.records.cases import Case, Conflict, Route, Step
from service.records.enums import Code, DeskName, Kind, Resolution, Severity, Stage, StepState
from service.records.evidence import Evidence
from service.records.people import Person
from service.records.referrals import Letter, Referral
from service.records.said import ProtectionDecision, ReferralDecision
from service.records.timeline import Outbox
from service.timeline import outbox
from service.verification.log import verify_log
from tests.conftest import BASE, START


@pytest.fixture
def settings(engine_url: str, tmp_path: Path) -> Settings:
    """As for every story, but nobody is there yet."""
    return Settings(
        database_url=engine_url,
        evidence_url=f"file://{tmp_path}/evidence",
        mail_url=f"file://{tmp_path}/mail",
        base_url=BASE,
        secret_key="a-secret-for-tests-only-0123456789",
        demo=True,
    )


@pytest.fixture
def seeded(database, settings) -> str:
    """What the first seeding says."""
    return seed(database, settings, at=START)


def _cases(database) -> list[Case]:
    with database.read() as db:
        return list(db.execute(select(Case).order_by(col(Case.id))).scalars())


def test_every_state_is_there(seeded, database, settings):
    assert seeded == f"Made the demo cast ({len(CAST)} people) and {len(lives())} cases."
    cases = _cases(database)
    with database.read() as db:
        steps = list(db.execute(select(Step)).scalars())
        routes = list(db.execute(select(Route)).scalars())
        protected = {row.question for row in db.execute(select(ProtectionDecision)).scalars()}
        decided = {(row.counts, row.refer) for row in db.execute(select(ReferralDecision)).scalars()}
        files = list(db.execute(select(Evidence)).scalars())
        referrals = {row.stage: row.outcome for row in db.execute(select(Referral)).scalars()}
        sent = select(Referral.stage, Letter.kind, Letter.key).join(Letter, col(Letter.referral_id) == col(Referral.id))
        letters: dict[str, list[str]] = {}
        for stage, kind, key in db.execute(sent.order_by(col(Letter.id))):
            letters.setdefault(stage, []).append(kind)
            assert open_store(settings.evidence_url).read(key).startswith(b"%PDF-")
        conflicts = db.execute(select(func.count()).select_from(Conflict)).scalar_one()
    assert {case.stage for case in cases} == set(Stage)
    assert {case.severity for case in cases} == set(Severity)
    assert {case.resolution for case in cases} == {*Resolution, None}
    assert {step.state for step in steps} == set(StepState)
    assert {route.desk for route in routes} == set(DeskName) - {DeskName.HR}
    assert {case.holding_desk for case in cases} == {"digital_unit", "fco_services", "media_office"}
    assert {code for case in cases for code in case.codes} >= {
        *(code for code in Code if code not in ("illegal_or_inappropriate", "terrorism_or_espionage_risk"))
    } - {"advertising"}
    assert [case for case in cases if case.stage != Stage.CLOSED and case.next_due_at < START]
    assert [case for case in cases if case.guarded and case.opened_at is None and case.stage == Stage.REPORTED]
    assert [case for case in cases if case.guarded and case.opened_at is not None]
    assert [case for case in cases if case.not_manager and case.stage == Stage.REPORTED]
    assert [case for case in cases if case.withdrawal_asked_at and case.stage == Stage.REPORTED]
    assert [case for case in cases if case.hr_suggested and case.stage == Stage.IN_HAND]
    assert [case for case in cases if START - case.reported_at < timedelta(minutes=10)]
    assert {case.kind for case in cases} == set(Kind)
    assert [case for case in cases if case.guidance_answer]
    assert [step for step in steps if step.cannot_reason == "hacked"]
    assert [step for step in steps if step.released_at is not None]
    assert [step for step in steps if step.verified_at is not None]
    assert protected == {"regulator", "affected"}
    assert decided == {(True, True), (True, False), (False, True), (False, False)}
    decided = {"decided": "first_written_warning", "closed": "informal_advice"}
    assert referrals == {"received": None, "fact_finding": None, "returned": None, **decided}
    assert letters == {
        "fact_finding": ["informing"],
        "decided": ["informing", "invitation", "outcome"],
        "closed": ["informing", "invitation", "outcome", "invitation", "appeal-outcome"],
    }
    assert conflicts
    texts = "".join(case.text or "" for case in cases)
    assert all(letter in texts for letter in ("首脳", "التعليم", "वीज़ा", "🎉"))
    store = open_store(settings.evidence_url)
    assert files
    assert all(file.preview and store.read(original_key(file.id)).startswith(b"\x89PNG") for file in files)


def test_something_may_be_let_go_at_each_desk(seeded, token):
    for name, kind in (("digital", "advice"), ("hr", "referral")):
        (due,) = token(name).get("/api/retention", params={"show": "due"}).json()["items"]
        assert due["kind"] == kind


def test_it_is_sound_told_already_and_made_once(seeded, database, settings):
    with database.read() as db:
        assert verify_log(db) == []
    with database.write() as db:
        waiting = outbox.claim(db, START)
        told = db.execute(select(func.count()).select_from(Outbox).where(col(Outbox.done_at).is_not(None))).scalar_one()
    assert waiting
    assert told > 100
    assert all(case.reported_at <= START for case in _cases(database))
    assert seed(database, settings, at=START + timedelta(days=1)) == ALREADY
    assert len(_cases(database)) == len(lives())


def test_other_peoples_directory_is_left_alone(database, settings):
    with database.write() as db:
        db.add(Person(email="someone@office.example", name="Someone", created_at=START))
    assert seed(database, settings, at=START) == ALREADY
    assert seed(database, settings, at=START, cases=5) == STRANGERS
    assert _cases(database) == []


def test_cases_in_bulk(database, settings):
    said = io.StringIO()
    assert seed(database, settings, at=START, cases=60, progress=said).endswith(" and 60 cases in bulk.")
    assert "60 of 60 cases" in said.getvalue()
    assert seed(database, settings, at=START, cases=40, progress=said) == "Made 40 cases in bulk."
    crowd = _cases(database)[len(lives()) :]
    assert len(crowd) == 100
    assert {case.reference[:7] for case in crowd} == {"SM-2024", "SM-2025", "SM-2026"}
    assert 2 <= sum(case.stage != Stage.CLOSED for case in crowd) <= 5
    assert {case.severity for case in crowd} >= {"high", "medium", "low"}
    assert max(case.closed_at for case in crowd if case.closed_at) <= START
    with database.read() as db:
        assert verify_log(db) == []


def test_the_pages_show_it(seeded, database, sign_in):
    for who in ("staff", "manager", "digital", "servicesdesk", "media", "data"):
        seen = sign_in(who)
        paths = ["/", "/cases", *([] if who in ("staff", "manager") else ["/queue"])]
        listed = seen.get(paths[-1] if who != "manager" else "/").text
        there = sorted({word[:14] for word in listed.split("/cases/") if word.startswith("SM-")})
        assert there, who
        paths += [f"/cases/{reference}" for reference in random.Random(1).sample(there, min(len(there), 6))]
        for path in paths:
            answer = seen.get(path)
            assert answer.status_code == 200, (who, path, answer.text)


def test_its_papers_can_be_made(seeded, database, sign_in):
    busiest = max(_cases(database), key=lambda case: (case.copies is not None, case.entries)).reference
    for who, variant in (("digital", "digital_unit"), ("manager", "line_manager")):
        paper = sign_in(who).get(f"/cases/{busiest}/summary.pdf?audience={variant}")
        assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-"), paper.text


def test_it_can_be_played_at_any_hour():
    """Whatever the time and the season, everything that is scripted has happened, and not before it could."""
    zones = {name: member.zone for name, member in CAST.items()}
    scripted = sum(1 + len(life.given.get("then", ())) for life in lives())
    for hour in range(0, 24 * 365, 7):
        told = in_order(zones, START + timedelta(hours=hour, minutes=1))
        assert len(told) == scripted
        assert sorted(told, key=lambda one: one.at) == told
        # A case that another is said to repeat has been reported by then, whatever day it is where that was done.
        begun = {one.life.given.get("label"): one.at for one in told if one.is_report}
        assert all(begun[one.row["duplicate_of"]] < one.at for one in told if "duplicate_of" in one.row)

"""Whatever is done to the record behind the service's back is found, and what is lawful is not called a fault."""

import copy
import json
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col

from service.cases import playbook
from service.cases.changing import change_exposure, change_facts
from service.cases.closing import ask_to_withdraw, close, reopen, say_same
from service.cases.guarding import open_fields, purge
from service.cases.intake import Report, open_case, report_mistake
from service.cases.pinned import register
from service.cases.queries import Found
from service.cases.relations import Relation
from service.cases.replay import CASE, EVIDENCE, ROUTE, STEP, replay
from service.cases.replay_rows import TABLES, differences, read_rows
from service.cases.speaking import advise, note, say
from service.core.database import Database, is_sqlite, open_database
from service.demo.cast import AT
from service.evidence.receive import Examined, add_evidence
from service.people.identity import Me
from service.records.cases import Case, Route, Step
from service.records.enums import (
    About,
    AccountType,
    Answer,
    Code,
    DeskName,
    Employer,
    Kind,
    NoteAudience,
    Resolution,
    Severity,
    StepKind,
    StepState,
)
from service.records.evidence import Evidence
from service.records.people import DeskMember, Person
from service.records.timeline import TimelineEntry, TimelineValues
from service.referrals import replay as room
from service.referrals.decide import decide_referral
from service.routing.acknowledge import acknowledge
from service.routing.assign import assign
from service.routing.conflict import name_conflict
from service.routing.disclose import disclose
from service.routing.merge import merge
from service.routing.move_up import move_up
from service.routing.protect import Question, decide_protection
from service.routing.reveal import reveal
from service.routing.send import send
from service.routing.subject import name_subject
from service.routing.triage import triage
from service.steps.ask import ask_for_steps
from service.steps.cannot import cannot_take
from service.steps.settle import release_step, verify_step, waive_step
from service.steps.take import take_step
from service.timeline import chain, entries
from service.timeline.proof import entries_json, faults_in
from service.verification.log import verify_log
from service.verification.pdf import verify_pdf

FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
APOLOGY = "I posted this by mistake. It is not an official view. I am sorry."
REPORTER, HOLDER = frozenset({Relation.REPORTER}), frozenset({Relation.HOLDER})


def person(db: Session, name: str) -> Me:
    """One of the cast, as rules know them."""
    found = db.execute(select(Person).where(col(Person.email) == name + AT)).scalar_one()
    seats = db.execute(select(DeskMember).where(col(DeskMember.person_id) == found.id)).scalars()
    return Me(
        id=found.id,
        email=found.email,
        name=found.name,
        zone=found.zone,
        employer=Employer(found.employer),
        desks={DeskName(seat.desk): seat.lead for seat in seats},
    )


def whole_life(db: Session) -> Case:
    """A mistake from the report to its end, back, and to its end again."""
    staff, digital, manager = person(db, "staff"), person(db, "digital"), person(db, "manager")
    at = FRIDAY
    case = report_mistake(
        db,
        staff,
        {
            "account.type": AccountType.OFFICIAL,
            "account.platform": "X",
            "post.text": "We have closed the embassy.",
            "post.posted_at": at - timedelta(hours=1),
            "post.still_visible": True,
            "facts_wrong": Answer.UNSURE,
            "codes": [Code.DISREPUTE],
        },
        playbook=playbook.load(),
        at=at,
    )
    change_facts(db, staff, case, REPORTER, {"post.url": "https://example.org/1", "narrative": "Wrong window."}, at=at)
    say(db, staff, case, REPORTER, text="What now?", at=at)
    cannot_take(db, staff, case, StepKind.DELETE, reason="scheduled_tool", at=at)
    acknowledge(db, manager, case, at=at)
    triage(
        db,
        digital,
        case,
        at=at,
        facts={"facts_wrong": Answer.YES, "codes": [Code.DISREPUTE, Code.FACTUAL_ERROR]},
        severity=Severity.CRITICAL,
        note="Seen.",
    )
    assign(db, digital, case, db.get(Person, person(db, "digital2").id), at=at)
    take_step(db, staff, case, StepKind.DELETE, at=at, taken_at=at - timedelta(minutes=5))
    take_step(db, staff, case, StepKind.APOLOGISE, at=at, public_text=APOLOGY, link="https://example.org/2")
    verify_step(db, digital, case, StepKind.DELETE, at=at)
    waive_step(db, digital, case, StepKind.CORRECT, reason="The post was up for a minute.", at=at)
    change_exposure(db, digital, case, {"post.reach": 120, "media_interest": True}, at=at)
    send(db, digital, case, DeskName.MEDIA_OFFICE, reason="A journalist asks.", at=at)
    advise(db, digital, case, text="Use two browsers.", at=at)
    note(db, digital, case, HOLDER, text="Second one this year.", audience=NoteAudience.DIGITAL_UNIT, at=at)
    name_conflict(db, digital, case, db.get(Person, person(db, "media").id), reason="A cousin.", at=at)
    ask_to_withdraw(db, staff, case, reason="It is gone.", at=at)
    decide_referral(db, digital, case, HOLDER, refer=False, reason="An honest mistake.", at=at)
    close(db, digital, case, resolution=Resolution.ADVICE_GIVEN, at=at)
    reopen(db, digital, case, reason="It was copied.", at=at)
    close(db, digital, case, resolution=Resolution.NO_FURTHER_ACTION, at=at + timedelta(hours=1))
    return case


def guarded_life(db: Session) -> Case:
    """A guarded case whose content is destroyed by law."""
    staff, digital = person(db, "staff"), person(db, "digital")
    case = report_mistake(
        db, staff, {"safety_risk": Answer.YES, "account.handle": "@someone"}, playbook=playbook.load(), at=FRIDAY
    )
    open_fields(db, digital, case, reason="Nothing secret in it.", at=FRIDAY)
    release_step(db, digital, case, StepKind.APOLOGISE, at=FRIDAY)
    say(db, staff, case, REPORTER, text="The address is 1 High Street.", at=FRIDAY)
    file = Examined(content=b"", filename="1 High Street.png", media_type="image/png", size=5, sha256="0" * 64)
    add_evidence(db, staff, case, file, "e1", description="Her house.", at=FRIDAY)
    change_facts(db, staff, case, REPORTER, {"narrative": "I named her."}, at=FRIDAY)
    return case


def moved_life(db: Session) -> Case:
    """A case whose line manager leaves before reading it."""
    case = report_mistake(db, person(db, "colleague"), {}, playbook=playbook.load(), at=FRIDAY)
    manager = db.get_one(Person, person(db, "manager").id)
    manager.active = False
    db.flush()
    assert move_up(db, manager, at=FRIDAY + timedelta(hours=2)) == 2
    return case


def referred_life(db: Session) -> Case:
    """A case that a manager proposed twice, that HR received, and that data protection decided on, twice as well."""
    staff, digital, data = person(db, "staff"), person(db, "digital"), person(db, "data")
    told = {"account.type": AccountType.OFFICIAL, "codes": [Code.DISREPUTE], "personal_data": Answer.YES}
    case = report_mistake(db, staff, told, playbook=playbook.load(), at=FRIDAY)
    file = Examined(content=b"", filename="b.png", media_type="image/png", size=5, sha256="1" * 64)
    add_evidence(db, staff, case, file, "e2", captured_at=FRIDAY, captured_zone="Asia/Tokyo", at=FRIDAY)
    take_step(db, staff, case, StepKind.DELETE, at=FRIDAY, taken_at=FRIDAY - timedelta(minutes=5))
    triage(db, digital, case, at=FRIDAY, facts={}, severity=Severity.CRITICAL)
    manager, routed = person(db, "head"), frozenset({Relation.ROUTED_MANAGER})
    decide_referral(db, manager, case, routed, refer=False, reason="Leave it.", at=FRIDAY)
    decide_referral(db, manager, case, routed, refer=True, reason="Or do not.", at=FRIDAY)
    decide_referral(
        db,
        digital,
        case,
        HOLDER,
        refer=True,
        reason="It may be misconduct.",
        at=FRIDAY,
        allegation="A post that brought us into disrepute.",
        mitigation="Told at once.",
        subject_told="yes",
        evidence=["e2"],
    )
    seated = frozenset({Relation.DATA_PROTECTION})
    for tell in (True, False):
        decide_protection(db, data, case, seated, Question.REGULATOR, tell=tell, reason="As it stands.", at=FRIDAY)
    return case


def merged_life(db: Session) -> None:
    """Two reports of one post: told to be the same, merged, parted, and merged again; scheduled posts are paused."""
    staff, digital = person(db, "staff"), person(db, "digital")
    told = {"post.url": "https://example.org/17", "post.posted_at": FRIDAY - timedelta(hours=1)}
    first, second = (report_mistake(db, staff, told, playbook=playbook.load(), at=FRIDAY) for _ in range(2))
    change_exposure(db, staff, second, {"scheduled_paused": True, "post.still_visible": True}, at=FRIDAY)
    change_exposure(db, staff, second, {"post.still_visible": None}, at=FRIDAY + timedelta(minutes=1))
    say_same(db, staff, second, first, at=FRIDAY)
    into = Found(first, HOLDER)
    merge(db, digital, second, into, at=FRIDAY)
    reopen(db, digital, second, reason="Two posts.", at=FRIDAY)
    merge(db, digital, second, into, at=FRIDAY)


def confided_life(db: Session) -> None:
    """A concern raised in confidence, whose post it is found out later, put right by whoever holds the account."""
    raiser, digital = person(db, "outsider"), person(db, "digital")
    holder = db.get_one(Person, person(db, "colleague").id)
    told = {"post.url": "https://example.org/18", "narrative": "It names a child.", "codes": [Code.DISREPUTE]}
    concern = Report(Kind.CONCERN, confidential=True)
    case = open_case(db, raiser, concern, told, playbook=playbook.load(), at=FRIDAY)
    raised = frozenset({Relation.RAISER})
    file = Examined(content=b"", filename="c.png", media_type="image/png", size=5, sha256="2" * 64)
    add_evidence(db, raiser, case, file, "e3", at=FRIDAY)
    say(db, raiser, case, raised, text="Please be careful.", at=FRIDAY)
    change_facts(db, digital, case, HOLDER, {"about.what": About.COLLEAGUE, "about.description": "A.B."}, at=FRIDAY)
    name_subject(db, digital, case, HOLDER, holder, at=FRIDAY)
    triage(db, digital, case, at=FRIDAY, facts={})
    ask_for_steps(db, digital, case, [StepKind.DELETE, StepKind.CORRECT], holder, reason="It names one.", at=FRIDAY)
    asked = person(db, "colleague")
    say(db, asked, case, frozenset({Relation.ASKED}), text="I am on it.", at=FRIDAY)
    say(db, digital, case, HOLDER, text="Thank you.", at=FRIDAY, to=holder)
    cannot_take(db, asked, case, StepKind.CORRECT, reason="lost_access", at=FRIDAY)
    ask_for_steps(db, digital, case, [StepKind.CORRECT], holder, reason="You have it again.", at=FRIDAY)
    take_step(db, asked, case, StepKind.DELETE, at=FRIDAY)
    disclose(db, digital, case, ["post.url", "codes"], at=FRIDAY)
    reveal(db, digital, case, frozenset({Relation.HOLDER, Relation.LEAD}), reason="They may be in danger.", at=FRIDAY)
    reveal(db, person(db, "hr"), case, frozenset({Relation.HR_DESK}), reason="So may others.", at=FRIDAY)
    decide_referral(db, digital, case, HOLDER, refer=True, reason="It may be misconduct.", at=FRIDAY)


def answered_life(db: Session) -> None:
    """A question before posting, put to two and answered by one, more than once."""
    staff, media = person(db, "staff"), person(db, "media")
    question = Report(Kind.ADVICE, ask=(DeskName.LINE_MANAGER, DeskName.MEDIA_OFFICE))
    case = open_case(db, staff, question, {"post.text": "May I?"}, playbook=playbook.load(), at=FRIDAY)
    advise(db, media, case, text="Wait.", at=FRIDAY)
    advise(db, media, case, text="Now you may.", at=FRIDAY)
    close(db, media, case, resolution=Resolution.ADVICE_GIVEN, at=FRIDAY)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A log with eight cases in it, on each engine; every test leaves it as it was."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("log") / "amends.db"
        shutil.copyfile(request.getfixturevalue("sqlite_files")["cast"], path)
        url = f"sqlite:///{path}"
    else:
        postgres = request.getfixturevalue("postgres")
        url = postgres.url(postgres.copy("cast"))
    database = open_database(url)
    with database.write() as db:
        register(db, playbook.SHIPPED, FRIDAY)
        whole_life(db)
        guarded_life(db)
        moved_life(db)
        referred_life(db)
        merged_life(db)
        confided_life(db)
        answered_life(db)
    yield database
    database.close()
    if request.param == "postgresql":
        postgres.drop(url.partition("?")[0].rpartition("/")[2])


@contextmanager
def undone(database: Database) -> Iterator[Session]:
    """A transaction whose changes are looked at and then taken back."""
    with Session(database.writing, expire_on_commit=False) as db:
        yield db
        db.rollback()


def break_in(db: Session, *statements: str) -> None:
    """Somebody with the database's own password, who knows of the triggers and the keys."""
    if is_sqlite(db):
        db.execute(text("PRAGMA defer_foreign_keys=ON"))
        for name in db.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            db.execute(text(f"DROP TRIGGER {name}"))
    else:
        db.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in statements:
        # SQLite keeps moments in UTC without saying so.
        told = db.execute(text(statement.replace("+00:00", ".000000") if is_sqlite(db) else statement))
        assert told.rowcount != 0


def rewrite_values(db: Session, position: int, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what an entry's values say, and nothing else."""
    kept = db.execute(select(TimelineValues).where(col(TimelineValues.position) == position)).scalar_one()
    values = copy.deepcopy(kept.fields)
    change(values)
    kept.fields = values
    db.flush()


def test_an_honest_log_has_no_faults(log: Database) -> None:
    """Every deed leaves rows that its entries add up to."""
    with log.read() as db:
        assert verify_log(db) == []


def test_entries_speak_of_what_the_rows_hold(log: Database) -> None:
    """The replay is not empty: it knows the stage, the facts, the steps and the routes."""
    with log.read() as db:
        case = db.execute(select(Case).order_by(col(Case.id))).scalars().first()
        assert case is not None
        state = replay(entries.of_case(db, case.id or 0))
    assert state["stage"] == "closed"
    assert state["severity"] == case.severity
    assert state["post.reach"] == 120
    assert state["steps.inform_manager.state"] == StepState.TAKEN
    assert state["steps.delete.taken_at"] == "2026-11-20T08:55:00+00:00"
    assert state["codes"] == ["disrepute", "factual_error"]
    assert len(state["routes.media_office.sent_at"]) == 1


def test_lawful_erasure_still_verifies(log: Database) -> None:
    """Destroyed content leaves its commitment, and the rows are empty where it stood."""
    with undone(log) as db:
        case = db.execute(select(Case).where(col(Case.guarded))).scalar_one()
        said = next(row for row in entries.of_case(db, case.id or 0) if row.kind == "message")
        message = next(iter(said.fields))
        purge(
            db,
            person(db, "digital"),
            case,
            fields=["narrative", message, "evidence.e1"],
            reason="It names her.",
            at=FRIDAY,
        )
        entries.write_pending(db)
        db.flush()
        assert verify_log(db) == []
        kept = json.dumps([row.fields for row in entries.of_case(db, case.id or 0)])
    assert "High Street" not in kept
    assert "I named her" not in kept
    assert "Her house" not in kept


TAMPERED: dict[str, tuple[tuple[str, ...], str]] = {
    "an entry is edited": (("UPDATE timeline_entry SET kind = 'opened' WHERE position = 3",), "is not the hash of"),
    "its moment is edited": (
        ("UPDATE timeline_entry SET at = '2026-11-19 09:00:00+00:00' WHERE position = 3",),
        "is not the hash of",
    ),
    "its actor is edited": (("UPDATE timeline_entry SET actor_id = 2 WHERE position = 4",), "not done by whom"),
    "its readers are edited": (("UPDATE timeline_entry SET audience = '' WHERE position = 4",), "is not the hash of"),
    "its hash is edited": (("UPDATE timeline_entry SET hash = previous WHERE position = 4",), "does not follow"),
    "an entry is deleted": (
        ("DELETE FROM timeline_values WHERE position = 4", "DELETE FROM timeline_entry WHERE position = 4"),
        "position 4: there is no entry",
    ),
    "only the entry is deleted": (("DELETE FROM timeline_entry WHERE position = 4",), "values without an entry"),
    "the first entry is deleted": (
        ("DELETE FROM timeline_values WHERE position = 1", "DELETE FROM timeline_entry WHERE position = 1"),
        "position 1: there is no entry",
    ),
    "the tail is cut off": (
        (
            "DELETE FROM timeline_values WHERE position > 30",
            "DELETE FROM timeline_entry WHERE position > 30",
        ),
        "the log should end at position",
    ),
    "the tail is cut off and the count with it": (
        (
            "DELETE FROM timeline_values WHERE position > 30",
            "DELETE FROM timeline_entry WHERE position > 30",
            "UPDATE timeline_head SET position = 30",
        ),
        "its timeline does not end as the case says",
    ),
    "an entry is inserted": (
        (
            (
                "INSERT INTO timeline_entry "
                "(position, case_id, sequence, kind, at, audience, commitments, previous, hash) "
                "SELECT 900, case_id, 900, kind, at, audience, commitments, previous, hash "
                "FROM timeline_entry WHERE position = 5"
            ),
            "INSERT INTO timeline_values SELECT 900, fields FROM timeline_values WHERE position = 5",
        ),
        "it should be number",
    ),
    "two entries are swapped": (
        (
            "UPDATE timeline_entry SET sequence = 1000 WHERE position = 5",
            "UPDATE timeline_entry SET sequence = 5 WHERE position = 6",
            "UPDATE timeline_entry SET sequence = 6 WHERE position = 5",
        ),
        "stands before an earlier one",
    ),
    "two entries change places in the log": (
        (
            "UPDATE timeline_entry SET position = 1000 WHERE position = 5",
            "UPDATE timeline_entry SET position = 5 WHERE position = 6",
            "UPDATE timeline_entry SET position = 6 WHERE position = 1000",
        ),
        "stands before an earlier one",
    ),
    "an entry is given to another case": (
        ("UPDATE timeline_entry SET case_id = 2, sequence = 90 WHERE position = 5",),
        "does not follow",
    ),
    "the values go": (("DELETE FROM timeline_values WHERE position = 2",), "the row of its values is gone"),
    "the log's count goes": (("DELETE FROM timeline_head",), "exactly one row"),
    "the stage is edited": (("UPDATE case_file SET stage = 'in_hand' WHERE id = 1",), "'stage' is not what"),
    "the severity is edited": (("UPDATE case_file SET severity = 'low' WHERE id = 1",), "'severity' is not what"),
    "the queue's order is edited": (("UPDATE case_file SET severity_rank = 3 WHERE id = 1",), "place in the queue"),
    "the reference is edited": (("UPDATE case_file SET reference = 'SM-2026-1' WHERE id = 1",), "is not the hash of"),
    "the reporter is edited": (("UPDATE case_file SET reporter_id = 2 WHERE id = 1",), "'reporter_id' is not what"),
    "the guard is taken off": (("UPDATE case_file SET guarded = (1 = 0) WHERE id = 2",), "'guarded' is not what"),
    "a fact is edited": (("UPDATE case_file SET text = 'Nothing.' WHERE id = 1",), "'post.text' is not what"),
    "a fact is put where none was": (("UPDATE case_file SET handle = '@me' WHERE id = 1",), "'account.handle'"),
    "a moment is edited": (
        ("UPDATE case_file SET reported_at = '2026-11-19 09:00:00+00:00' WHERE id = 1",),
        "'reported_at' is not what",
    ),
    "the codes are edited": (("UPDATE case_file SET codes = '[]' WHERE id = 1",), "'codes' is not what"),
    "the resolution is edited": (("UPDATE case_file SET resolution = 'referred' WHERE id = 1",), "'resolution'"),
    "a step is edited": (
        ("UPDATE step SET state = 'taken' WHERE case_id = 1 AND kind = 'correct'",),
        "'steps.correct.state'",
    ),
    "a step's moment is edited": (
        ("UPDATE step SET taken_at = '2026-11-20 08:01:00+00:00' WHERE case_id = 1 AND kind = 'delete'",),
        "'steps.delete.taken_at'",
    ),
    "an apology is edited": (
        ("UPDATE step SET public_text = 'So what.' WHERE case_id = 1 AND kind = 'apologise'",),
        "'steps.apologise.public_text'",
    ),
    "a step goes": (("DELETE FROM step WHERE case_id = 1 AND kind = 'delete'",), "'steps.delete.state'"),
    "an acknowledgement is edited": (
        ("UPDATE route SET acknowledged_at = NULL WHERE case_id = 1 AND desk = 'line_manager'",),
        "'routes.line_manager.acknowledged_at'",
    ),
    "a route goes": (("DELETE FROM route WHERE case_id = 1 AND desk = 'media_office'",), "'routes.media_office."),
    "a message is edited": (("UPDATE message SET text = 'All good.' WHERE case_id = 1",), "'messages."),
    "advice goes": (("DELETE FROM advice WHERE case_id = 1",), "'advice."),
    "a note is inserted": (
        ("INSERT INTO note SELECT 99, case_id, by_id, audience, 'Liar.', at FROM note WHERE id = 1",),
        "'notes.99'",
    ),
    "the decision is turned": (
        ("UPDATE referral_decision SET refer = (1 = 1) WHERE case_id = 1",),
        "'hr.decision'",
    ),
    "a waiver's reason is edited": (
        ("UPDATE step SET reason = 'Told to.' WHERE case_id = 1 AND kind = 'correct'",),
        "'steps.correct.reason'",
    ),
    "who took a step is edited": (
        ("UPDATE step SET taken_by_id = 1 WHERE case_id = 1 AND kind = 'apologise'",),
        "'steps.apologise.taken_by_id'",
    ),
    "when it was recorded is edited": (
        ("UPDATE step SET recorded_at = taken_at WHERE case_id = 1 AND kind = 'delete'",),
        "'steps.delete.recorded_at'",
    ),
    "another manager was told": (
        ("UPDATE route SET person_id = 1 WHERE case_id = 1 AND desk = 'line_manager'",),
        "'routes.line_manager.person'",
    ),
    "somebody else said it": (("UPDATE message SET by_id = 1 WHERE case_id = 1",), ".by_id' is not what"),
    "the decision's reason is edited": (
        ("UPDATE referral_decision SET reason = 'He is a friend.' WHERE case_id = 1",),
        "'hr.decision.reason'",
    ),
    "the subject is edited": (("UPDATE case_file SET subject_id = 1 WHERE id = 1",), "not who posted it"),
    "when a conflict was named is edited": (
        ("UPDATE conflict SET at = '2026-11-19 09:00:00+00:00'",),
        "'conflict.person.at'",
    ),
    "a message changes sides": (("UPDATE message SET from_reporter = (1 = 0)",), ".from_reporter'"),
    "a note is shown to others": (("UPDATE note SET audience = 'reporter'",), ".audience'"),
    "advice came from another desk": (("UPDATE advice SET desk = 'hr'",), ".desk'"),
    "another desk holds it": (("UPDATE case_file SET holding_desk = 'hr' WHERE id = 1",), "'holding_desk'"),
    "HR is no longer suggested": (("UPDATE case_file SET hr_suggested = (1 = 0) WHERE id = 1",), "'hr.suggested'"),
    "the severity was set by nobody": (("UPDATE case_file SET severity_set_by_id = NULL",), "'severity_set_by'"),
    "a clock of 72 hours is stretched": (
        ("UPDATE case_file SET decide_by = '2026-12-24 09:00:00+00:00' WHERE id = 4",),
        "'data_protection.decide_by'",
    ),
    "an earlier proposal is edited": (
        ("UPDATE referral_decision SET reason = 'Good.' WHERE reason = 'Leave it.'",),
        "'hr.proposed.reason'",
    ),
    "a decision that was overturned is edited": (
        ("UPDATE protection_decision SET reason = 'No.' WHERE tell",),
        "'data_protection.regulator.reason'",
    ),
    "what HR received is edited": (("UPDATE referral SET allegation = 'Theft.'",), "'referral.allegation'"),
    "whom HR looks at is edited": (("UPDATE referral SET subject_id = 1",), "'referral.subject_id'"),
    "what was put right is left out": (("UPDATE referral SET steps_taken = '[]'",), "'referral.steps_taken'"),
    "a referral goes": (("DELETE FROM referral",), "'referral.allegation'"),
    "a conflict goes": (("DELETE FROM conflict WHERE case_id = 1",), "'conflict.person'"),
    "a file is exchanged": (("UPDATE evidence SET sha256 = filename",), "'evidence.e1.sha256'"),
    "a file goes": (("DELETE FROM evidence",), "'evidence.e1.sha256'"),
    "a file is called destroyed": (
        ("UPDATE evidence SET destroyed_at = added_at, filename = 'destroyed'",),
        "'evidence.e1.destroyed_at'",
    ),
    "a word that does not exist": (("UPDATE case_file SET stage = 'lost' WHERE id = 1",), "its rows cannot be read"),
    "commitments of another shape": (
        ("UPDATE timeline_entry SET commitments = '7' WHERE position = 2",),
        "its rows cannot be read",
    ),
}


@pytest.mark.parametrize(("statements", "said"), TAMPERED.values(), ids=TAMPERED.keys())
def test_tampering_is_found(log: Database, statements: tuple[str, ...], said: str) -> None:
    """Without the triggers, and with foreign keys asleep, each of these leaves a trace."""
    with undone(log) as db:
        break_in(db, *statements)
        found = verify_log(db)
    assert any(said in fault for fault in found), found


@pytest.mark.parametrize("part", ["after", "before", "salt"])
def test_a_value_that_is_changed_is_found(log: Database, part: str) -> None:
    """Whichever part of a value is touched, it is no longer the one committed to."""
    with undone(log) as db:
        rewrite_values(db, 1, lambda values: values["post.text"].update({part: "0" * 32}))
        assert any("'post.text' are not the ones committed to" in fault for fault in verify_log(db))


def test_a_value_that_is_quietly_destroyed_is_found(log: Database) -> None:
    """Erasing a value and leaving its column is no erasure."""
    with undone(log) as db:
        rewrite_values(db, 1, lambda values: values.pop("account.platform"))
        assert any("'account.platform' was destroyed" in fault for fault in verify_log(db))


def test_an_entry_that_says_more_than_it_commits_to_is_found(log: Database) -> None:
    """A value added beside the others is not part of what happened."""
    said = {"salt": "", "before": None, "after": "He did it on purpose"}
    with undone(log) as db:
        rewrite_values(db, 1, lambda values: values.update({"narrative": said}))
        assert any("does not commit to" in fault for fault in verify_log(db))


@pytest.mark.parametrize("deed", ["UPDATE {} SET at = at", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", ["timeline_entry", "read_entry"])
def test_the_database_itself_refuses(log: Database, table: str, deed: str) -> None:
    """A slip at a prompt rewrites nothing."""
    if deed.startswith("TRUNCATE") and log.reading.dialect.name == "sqlite":
        deed = f"INSERT OR REPLACE INTO {{}} SELECT * FROM {table}"
    seen = (
        "INSERT INTO read_entry (person_id, case_id, what, detail, through, at) "
        "SELECT actor_id, case_id, 'case', '', 'page', at FROM timeline_entry WHERE position = 1"
    )
    with undone(log) as db:
        db.execute(text(seen))
        with pytest.raises(DBAPIError, match="append-only"):
            db.execute(text(deed.format(table)))


def test_every_fact_can_be_replayed() -> None:
    """A path of the interface that no column stands behind would never be compared."""
    assert set(CASE.values()) <= set(Case.model_fields)
    assert set(STEP) <= set(Step.model_fields)
    assert set(EVIDENCE) <= set(Evidence.model_fields)
    assert set(ROUTE) - {"person"} <= set(Route.model_fields)


# Column -> why nothing on the timeline stands behind it.
NOT_REPLAYED: dict[str, str] = {
    **dict.fromkeys(
        ("case_file.id", "step.id", "route.id", "referral_decision.id", "protection_decision.id", "referral.id"),
        "a number of the database's own, that nothing tells anybody",
    ),
    **dict.fromkeys(
        [
            f"{name}.case_id"
            for name in "step route advice message note evidence conflict confidence revealed referral".split()
        ]
        + ["referral_decision.case_id", "protection_decision.case_id"],
        "rows are read by it: one that is given to another case is missing here and one too many there",
    ),
    "case_file.reference": "part of every entry's hash",
    "case_file.entries": "held against the chain itself",
    "case_file.last_hash": "held against the chain itself",
    "case_file.version": "what writers compare; it tells of no deed",
    **dict.fromkeys(
        (
            "case_file.triage_due_at",
            "case_file.triage_from",
            "case_file.triage_remind_at",
            "case_file.decide_remind_at",
            "case_file.next_due_at",
            "case_file.next_due_what",
            "case_file.ripe_at",
            "step.minutes",
            "step.runs_from",
            "step.remind_at",
            "step.due_at",
            "route.runs_from",
            "route.remind_at",
            "route.acknowledge_by",
            "route.answer_remind_at",
            "route.answer_by",
        ),
        "a clock that follows from the severity, the moments and the playbook; every change sets it again",
    ),
    "case_file.posted_zone": "how a moment is shown; the moment is compared",
    "step.taken_zone": "how a moment is shown; the moment is compared",
    "step.confirmed": "a tick beside words that are compared themselves",
    "evidence.referral_id": "rows are read by it, as by the case",
    "evidence.disclosed_at": "of a file in HR's room alone: on the referral's own timeline, and held against that",
    "evidence.preview": "made from the bytes, whose hash is compared",
    "evidence.preview_width": "made from the bytes, whose hash is compared",
    "evidence.preview_height": "made from the bytes, whose hash is compared",
    "evidence.scanned": "said by the scanner about the bytes, whenever it is asked",
    "referral.reference": "HR's own: the desk that reads this timeline may not know it",
    **dict.fromkeys(
        (f"referral.{column}" for column in room.COLUMNS if column not in ("returned_at", "returned_because")),
        "on the referral's own timeline, and held against that",
    ),
    "referral.returned_at": "the decision that it gave back has the same moment",
    "referral.entries": "held against the referral's own chain",
    "referral.last_hash": "held against the referral's own chain",
    **dict.fromkeys(
        ("referral.accept_by", "referral.next_due_at", "referral.next_due_what", "referral.ripe_at"),
        "a clock that follows from the moments and the playbook",
    ),
    "referral.stage": "what HR does with it is in HR's room",
    "referral.version": "what writers compare; it tells of no deed",
}
TABLES_COMPARED = {"case_file": Case} | {table.__tablename__: table for table in TABLES.values()}


def otherwise(value: Any, name: str) -> Any:
    """Another value that the column could hold."""
    match value:
        case bool():
            return not value
        case datetime():
            return value + timedelta(minutes=1)
        case int():
            return value + 7
        case list():
            return [] if value else [Code.OTHER.value]
        case str() if name in ("desk", "holding_desk"):
            return (DeskName.HR if value != DeskName.HR else DeskName.MEDIA_OFFICE).value
        case str():
            return f"{value}, or so"
    if name.endswith(("_at", "_by")):
        return FRIDAY - timedelta(days=3)
    return 1 if name.endswith("_id") or name in ("reach", "copies") else "elsewhere"


@pytest.mark.parametrize("table", TABLES_COMPARED)
def test_every_column_is_replayed(log: Database, table: str) -> None:
    """Whatever column of whatever row is edited, some entry says otherwise; the exceptions are written down above."""
    columns = [column.name for column in TABLES_COMPARED[table].__table__.columns]
    area = next((name for name, model in TABLES.items() if model.__tablename__ == table), "")
    edited = 0
    with log.read() as db:
        db.autoflush = False
        for case in db.execute(select(Case).order_by(col(Case.id))).scalars().all():
            rows, said = read_rows(db, [case])[case.id], entries.of_case(db, case.id)
            assert differences(said, rows) == []
            for row in getattr(rows, area) if area else [case]:
                for column in (name for name in columns if f"{table}.{name}" not in NOT_REPLAYED):
                    if (table, column) == ("step", "reason") and row.state != StepState.WAIVED:
                        # The playbook's own words, which follow from the state.
                        continue
                    value = getattr(row, column)
                    setattr(row, column, otherwise(value, column))
                    try:
                        assert differences(said, rows), (column, value)
                    except ValueError:
                        # A word that the column's own list does not have: told as a row that cannot be read.
                        assert isinstance(value, str), column
                    setattr(row, column, value)
                    edited += 1
        db.expunge_all()
    assert edited


def test_what_is_not_replayed_exists() -> None:
    """A column that is gone is not excused any longer."""
    there = {f"{table}.{c.name}" for table, model in TABLES_COMPARED.items() for c in model.__table__.columns}
    assert NOT_REPLAYED.keys() <= there


def test_rows_without_any_entry_differ(log: Database) -> None:
    """A case that nobody ever reported."""
    with log.read() as db:
        case = db.execute(select(Case).order_by(col(Case.id))).scalars().first()
        assert case is not None
        rows = read_rows(db, [case])[case.id or 0]
    assert "'stage' is not what the timeline says" in differences([], rows)


# An exported file, without any server.


def attachment(database: Database, *shown: str) -> dict[str, Any]:
    """What travels in the first case's PDF for these readers."""
    with database.read() as db:
        case = db.execute(select(Case).order_by(col(Case.id))).scalars().first()
        assert case is not None
        return json.loads(entries_json(entries.of_case(db, case.id or 0), case.reference, shown))


def test_an_export_verifies_by_itself(log: Database) -> None:
    """For every variant: what is not theirs is a bare hash, and the chain still runs through it."""
    for shown in (("reporter",), ("line_manager",), ("digital_unit",), ("hr",), ()):
        told = attachment(log, *shown)
        assert faults_in(chain.canonical(told)) == []
        assert [entry["sequence"] for entry in told["entries"]] == list(range(1, len(told["entries"]) + 1))
    assert all(entry.keys() == {"sequence", "hash", "previous", "withheld"} for entry in attachment(log)["entries"])


def test_an_export_says_nothing_that_is_withheld(log: Database) -> None:
    """The desk's own note is in its own variant, and a bare hash in the reporter's."""
    assert "Second one this year" in json.dumps(attachment(log, "digital_unit"))
    assert "Second one this year" not in json.dumps(attachment(log, "reporter"))


def drop(told: dict[str, Any]) -> None:
    """Cut one out of the middle."""
    del told["entries"][3]


def edit(told: dict[str, Any]) -> None:
    """Say that somebody else did it."""
    told["entries"][0]["values"]["actor"]["after"] = 99


def move(told: dict[str, Any]) -> None:
    """Say that it was another hour."""
    told["entries"][0]["at"] = "2026-11-20T08:00:00+00:00"


def respell(told: dict[str, Any]) -> None:
    """The same moment, spelt otherwise."""
    told["entries"][0]["at"] = "2026-11-20T10:00:00+01:00"


def revalue(told: dict[str, Any]) -> None:
    """Say that the post was something else."""
    told["entries"][0]["values"]["post.text"]["after"] = "Good morning."


def swap(told: dict[str, Any]) -> None:
    """Change the order."""
    told["entries"][1], told["entries"][2] = told["entries"][2], told["entries"][1]


def rename(told: dict[str, Any]) -> None:
    """Pass it off as another case."""
    told["reference"] = "SM-2026-000001"


def behead(told: dict[str, Any]) -> None:
    """Leave out how it began."""
    told["entries"] = told["entries"][1:]


def blank(told: dict[str, Any]) -> None:
    """An entry that is nothing."""
    told["entries"][2] = None


def empty(told: dict[str, Any]) -> None:
    """No entries at all."""
    told["entries"] = []


def add_word(told: dict[str, Any]) -> None:
    """A key that is not ours."""
    told["entries"][0]["proven"] = True


@pytest.mark.parametrize(
    "deed",
    [drop, edit, move, respell, revalue, swap, rename, behead, blank, empty, add_word],
    ids=lambda deed: deed.__name__,
)
def test_a_changed_export_is_found(log: Database, deed: Callable[[dict[str, Any]], None]) -> None:
    """Whatever is done to the attachment afterwards."""
    told = attachment(log, "digital_unit")
    deed(told)
    assert faults_in(chain.canonical(told)) != []


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"reference": 1, "entries": 2}', b"\xff", b"[" * 100_000])
def test_rubbish_is_a_fault_and_no_crash(content: bytes) -> None:
    """An attachment may come from anybody."""
    assert len(faults_in(content)) == 1


def test_a_pdf_verifies_without_any_server(log: Database, tmp_path: Path) -> None:
    """As WeasyPrint writes it, and as another program packs it."""
    weasyprint = pytest.importorskip("weasyprint")
    content = chain.canonical(attachment(log, "reporter"))
    carried = weasyprint.Attachment(string=content, name="entries.json")
    pdf = weasyprint.HTML(string="<html lang=en><title>T</title><p>A case").write_pdf(
        attachments=[carried], pdf_variant="pdf/ua-1"
    )
    (tmp_path / "case.pdf").write_bytes(pdf)
    assert verify_pdf(tmp_path / "case.pdf") == []

    pypdf = pytest.importorskip("pypdf")
    writer = pypdf.PdfWriter(clone_from=tmp_path / "case.pdf")
    writer.write(tmp_path / "again.pdf")
    assert verify_pdf(tmp_path / "again.pdf") == []
    writer.add_attachment("entries.json", content)
    writer.write(tmp_path / "twice.pdf")
    assert "2 times" in verify_pdf(tmp_path / "twice.pdf")[0]


def test_what_is_not_ours_is_told_apart(tmp_path: Path) -> None:
    """No PDF, a PDF without entries, a stream that would fill the memory, one that is broken."""
    path = tmp_path / "file.pdf"
    bomb = zlib.compress(b'{"entries":' + b" " * 70_000_000)
    for content, said in (
        (b"hello", "not a PDF"),
        (b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj", "does not carry"),
        (b"%PDF-1.7\n1 0 obj <</Type /EmbeddedFile /Filter /FlateDecode>>\nstream\nxx\nendstream", "does not carry"),
        (b"%PDF-1.7\n1 0 obj <</Type /EmbeddedFile", "does not carry"),
        (b"%PDF-1.7\n1 0 obj <</Type /EmbeddedFile /Filter /FlateDecode>>\nstream\n" + bomb, "cannot be read"),
    ):
        path.write_bytes(content)
        assert said in verify_pdf(path)[0]


def test_entries_are_never_shown_in_the_order_of_a_forger(log: Database) -> None:
    """Positions are those of the one log, whatever case they belong to."""
    with log.read() as db:
        positions = list(db.execute(select(TimelineEntry.position).order_by(col(TimelineEntry.position))).scalars())
    assert positions == list(range(1, len(positions) + 1))

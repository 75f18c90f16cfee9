"""More than thirty different cases read by one person within an hour: every auditor is told, once an hour at most."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select
from sqlmodel import col

from service.records.cases import Case
from service.records.enums import Role
from service.records.people import PersonRole
from service.records.timeline import ManyReads, Outbox, ReadEntry
from service.timeline.watching import LATE, MOST, WITHIN, moments, watch_reads
from service.worker.post import Post
from tests.conftest import START
from tests.makers import do_what_is_due, id_of, people, report
from tests.stories.test_concern import raise_it

SAID = "Somebody has read more than thirty cases within an hour."


@pytest.fixture
def cases(token, database):
    """Thirty-five cases: one that was reported, and bare copies of its row."""
    first = report(token("staff"))
    with database.write() as db:
        row = dict(db.execute(select(Case.__table__)).one()._mapping)
        crowd = [row | {"id": row["id"] + 1000 + n, "reference": f"SM-2026-9{n:05}"} for n in range(1, 35)]
        db.execute(insert(Case.__table__), crowd)
    return [first["reference"], *(each["reference"] for each in crowd)]


@pytest.fixture
def work(database, settings, clock):
    """Does what is due, a minute later; returns to whom mail goes, and with what subject."""
    folder = Path(settings.mail_url.removeprefix("file://"))

    def done(**later: float) -> list[tuple[str, str]]:
        clock.forward(**(later or {"minutes": 1}))
        for kept in folder.glob("*.eml"):
            kept.unlink()
        do_what_is_due(database, settings, clock)
        while Post(database, settings, clock).work_once():
            pass
        mails = [message_from_bytes(kept.read_bytes(), policy=policy.default) for kept in folder.glob("*.eml")]
        return [(mail["To"].partition("@")[0], mail["Subject"]) for mail in mails if mail["To"].startswith("aud")]

    return done


def alerts(auditor) -> list[str]:
    """Whose reading auditors were told of."""
    return [row["person"]["email"].partition("@")[0] for row in auditor.get("/api/audit/alerts").json()["items"]]


def read(who, references) -> None:
    """Open each of these cases."""
    for reference in references:
        assert who.get(f"/api/cases/{reference}").status_code == 200, reference


def test_every_auditor_is_told_in_the_app_and_by_mail(token, sign_in, database, cases, work, clock):
    digital, auditor = people(token, "digital auditor")
    with database.write() as db:
        db.add(PersonRole(person_id=id_of(database, "outsider"), role=Role.AUDITOR))
    read(digital, cases[:30])
    assert work() == []
    assert alerts(auditor) == []
    read(digital, cases[30:31])
    assert work() == [("auditor", "Something is waiting for you in Amends")]
    for name in ("auditor", "outsider"):
        assert [row["words"] for row in token(name).get("/api/notifications").json()["items"]] == [SAID]
    assert SAID not in [row["words"] for row in token("digital").get("/api/notifications").json()["items"]]
    page = sign_in("auditor").get("/notifications").text
    assert 'href="/audit" hx-disable><bdi>The read log</bdi>' in page
    assert SAID in page
    page = sign_in("auditor").get("/audit").text
    assert "Read very many cases" in page
    assert "digital@demo.example" in page
    row = auditor.get("/api/audit/alerts").json()["items"][0]
    assert (row["since"][11:16], row["at"][11:16]) == ("09:00", "09:01")
    onward = page.split('href="/audit?person=')[1].split('"')[0].replace("&amp;", "&")
    seen = sign_in("auditor").get(f"/audit?person={onward}").text
    assert seen.count('href="/cases/SM-') == 31


def test_once_an_hour_at_most_for_each_person(token, cases, work, database):
    digital, other, auditor = people(token, "digital digital2 auditor")
    read(digital, cases)
    assert len(work()) == 1
    read(digital, cases)
    read(other, cases)
    assert len(work()) == 1
    assert alerts(auditor) == ["digital2", "digital"]
    for _ in range(7):
        read(digital, cases)
        work(minutes=10)
    assert alerts(auditor) == ["digital", "digital2", "digital"]


@pytest.mark.parametrize("apart", [timedelta(minutes=60), timedelta(minutes=59, seconds=59)])
def test_an_hour_is_an_hour(token, cases, work, clock, apart):
    """However the minutes of the worker lie to it."""
    digital, auditor = people(token, "digital auditor")
    clock.forward(seconds=17)
    read(digital, cases[:1])
    began = clock()
    while clock() < began + timedelta(minutes=58):
        work(minutes=1)
    clock.moment = began + apart
    read(digital, cases[1:31])
    work(minutes=1)
    assert alerts(auditor) == ([] if apart == timedelta(hours=1) else ["digital"])


def test_an_auditor_who_reads_very_much_is_told_of_as_well(token, cases, work):
    auditor = token("auditor")
    read(auditor, cases)
    work()
    assert alerts(auditor) == ["auditor"]


def test_what_somebody_raised_in_confidence_does_not_count(token, cases, work):
    """Thirty lines under a name and an alert for more than thirty would tell that there is one more."""
    digital2, auditor = people(token, "digital2 auditor")
    mine = raise_it(digital2, confidential=True)
    read(digital2, [mine["reference"], *cases[:30]])
    work()
    assert alerts(auditor) == []
    read(digital2, cases[30:31])
    work()
    assert alerts(auditor) == ["digital2"]


def test_a_list_is_no_opening_and_the_same_case_counts_once(token, sign_in, cases, work):
    digital, auditor = people(token, "digital auditor")
    read(digital, cases[:30] * 2)
    digital.get("/api/cases?limit=100")
    digital.get("/api/export.csv")
    sign_in("digital").get("/queue")
    digital.get("/api/cases?q=window")
    assert digital.get(f"/api/cases/{cases[0]}/timeline").status_code == 200
    work()
    assert alerts(auditor) == []


def test_it_is_noticed_however_late_the_worker_comes(token, cases, work):
    digital, auditor = people(token, "digital auditor")
    work()
    read(digital, cases)
    work(days=3)
    assert alerts(auditor) == ["digital"]


def test_a_line_that_is_written_late_still_counts(token, cases, work, database, clock):
    """A line has the moment of its request: a PDF takes a while to make, and a lock a while to come free."""
    digital, auditor = people(token, "digital auditor")
    read(digital, cases[:30])
    before = clock()
    work(minutes=2)
    row = {"person_id": id_of(database, "digital"), "case_id": number(database, cases[30]), "what": "pdf"}
    with database.write() as db:
        db.execute(insert(ReadEntry), [row | {"through": "page", "at": before}])
    work(minutes=1)
    assert alerts(auditor) == ["digital"]
    assert timedelta(minutes=3) < LATE


def number(database, reference: str) -> int:
    """A case's row."""
    with database.read() as db:
        return db.execute(select(Case.id).where(col(Case.reference) == reference)).scalar_one()


def test_several_workers_tell_once(token, cases, database, clock):
    read(token("digital"), cases)
    clock.forward(minutes=1)
    with ThreadPoolExecutor(6) as together:
        found = list(together.map(lambda _: watch_reads(database, clock()), range(6)))
    with database.read() as db:
        kept = db.execute(select(func.count()).select_from(ManyReads)).scalar()
        told = select(func.count()).select_from(Outbox).where(col(Outbox.dedupe).like("many-reads-%"))
        assert (kept, db.execute(told).scalar()) == (1, 1)
    assert sorted(found) == [False] * 5 + [True]


def test_whoever_is_no_auditor_any_more_hears_of_it_no_more(token, sign_in, cases, work, database):
    auditor = token("auditor")
    read(token("digital"), cases)
    work()
    assert len(auditor.get("/api/notifications").json()["items"]) == 1
    with database.write() as db:
        role = db.get(PersonRole, (id_of(database, "auditor"), Role.AUDITOR))
        db.delete(role)
    assert auditor.get("/api/notifications").json()["items"] == []
    assert "bell__count" not in sign_in("auditor").get("/cases").text


def test_page_by_page(token, sign_in, database, clock):
    row = {"person_id": id_of(database, "digital"), "since": clock(), "at": clock()}
    with database.write() as db:
        db.execute(insert(ManyReads), [row] * 60)
    auditor, browser = token("auditor"), sign_in("auditor")
    first = auditor.get("/api/audit/alerts").json()
    rest = auditor.get(f"/api/audit/alerts?cursor={first['next']}&limit=100").json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (50, 10, None)
    assert auditor.get("/api/audit/alerts?cursor=x").status_code == 422
    page = browser.get("/audit").text
    assert page.count("See what they read") == 3
    assert 'href="/audit/alerts"' in page
    assert browser.get("/audit/alerts").text.count("See what they read") == 50


READS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), max_size=150)


@given(READS)
def test_the_hours_that_are_found_are_those_with_too_many_cases(read):
    """Against counting each hour afresh."""
    lines, moment = [], START
    for pause, case in read:
        moment += timedelta(minutes=pause / 4)
        lines.append((moment, case))
    expected, told = [], None
    for place, (last, _) in enumerate(lines):
        hour = [line for line in lines[: place + 1] if line[0] > last - WITHIN]
        if len({case for _, case in hour}) > MOST and (told is None or last - told >= WITHIN):
            told = last
            expected.append((hour[0][0], last))
    assert list(moments(lines, None, START - timedelta(days=1))) == expected
    # Looked through again from the middle, it finds what ended after that, and nothing that was told.
    for first, last in expected:
        assert (first, last) not in moments(lines, last, last)

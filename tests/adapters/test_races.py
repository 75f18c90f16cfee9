"""Many people at the same moment, through a real server with two workers: one wins, and nobody's words are lost."""

import shutil
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from service.cases.views import MOST_VIEWS
from service.core.database import open_database
from service.records.cases import Case
from service.records.timeline import TimelineEntry
from service.verification.log import verify_log
from tests.makers import APOLOGY, CORRECTION, NO_DANGER, OFFICIAL
from tests.served import at_once, served, tokens

pytestmark = pytest.mark.slow

RACERS = 50
ROUNDS = 3
MOST_FILES = 20
REPORT = {"kind": "mistake", "account": OFFICIAL, "codes": ["disrepute"], "facts_wrong": "yes", **NO_DANGER}


class Track:
    """A server, and the people who race on it."""

    def __init__(self, url: str, database_url: str, threads: ThreadPoolExecutor) -> None:
        self.web = httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_connections=RACERS + 10))
        self.keys = tokens(database_url, "staff manager digital digital2")
        self.database, self.threads = open_database(database_url, pool=2), threads

    def send(
        self, who: str, path: str, body: dict | None = None, method: str = "POST", **headers: str
    ) -> httpx.Response:
        """One request by one person."""
        return self.web.request(method, path, json=body or {}, headers=self.keys[who] | headers)

    def report(self) -> str:
        """A new case's address."""
        made = self.send("staff", "/api/cases", REPORT)
        assert made.status_code == 201, made.text
        return f"/api/cases/{made.json()['reference']}"

    def race(self, who: tuple[str, ...], path: str, body: dict | None = None, method: str = "POST", **headers: str):
        """Everybody does the same at once, the people in turn."""
        everybody = [who[n % len(who)] for n in range(RACERS)]
        deeds = [partial(self.send, name, path, body, method, **headers) for name in everybody]
        return at_once(deeds, self.threads)

    def cases(self) -> int:
        """How many cases there are."""
        with self.database.read() as db:
            return db.execute(select(func.count()).select_from(Case)).scalar_one()

    def kinds(self, path: str) -> Counter[str]:
        """How many entries of each kind the case has."""
        return Counter(kind for kind, _ in self.entries(path))

    def entries(self, path: str) -> list[tuple[str, int]]:
        """The case's entries as `(kind, sequence)`, oldest first."""
        with self.database.read() as db:
            query = select(TimelineEntry.kind, TimelineEntry.sequence).join(
                Case, col(Case.id) == col(TimelineEntry.case_id)
            )
            mine = query.where(col(Case.reference) == path.rpartition("/")[2]).order_by(col(TimelineEntry.sequence))
            return [(row.kind, row.sequence) for row in db.execute(mine)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request, tmp_path_factory):
    """The server and its people, for all the races on one engine: it takes seconds to start."""
    folder = tmp_path_factory.mktemp("races")
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_files")["cast"], folder / "amends.db")
        url, drop = f"sqlite:///{folder}/amends.db", None
    else:
        postgres = request.getfixturevalue("postgres")
        name = postgres.copy("cast")
        url, drop = postgres.url(name), lambda: postgres.drop(name)
    with served(url, folder, workers=2) as service, ThreadPoolExecutor(RACERS + 10) as threads:
        made = Track(service.url, url, threads)
        yield made
        made.web.close()
        made.database.close()
        assert '"status": 500' not in service.words
    if drop:
        drop()


@pytest.fixture
def track(running):
    """The same; after each race the whole log is sound."""
    yield running
    with running.database.read() as db:
        assert verify_log(db) == []


def one_winner(answers: list[httpx.Response], says: str, good: int = 200) -> None:
    """One did it; everybody else is told how it stands now."""
    assert Counter(answer.status_code for answer in answers) == {good: 1, 409: RACERS - 1}, [a.text for a in answers][
        :3
    ]
    for answer in answers:
        if answer.status_code == 409:
            assert says in answer.json()["detail"]


def test_of_many_who_press_the_same_one_wins(track):
    for _ in range(ROUNDS):
        case = track.report()
        at_the_desk = ("digital", "digital2")
        one_winner(track.race(("manager",), f"{case}/acknowledge"), "acknowledged already")
        one_winner(track.race(("staff",), f"{case}/steps/delete/take"), "already done")
        one_winner(track.race(at_the_desk, f"{case}/triage"), "now in hand")
        decision = {"refer": True, "reason": "A pattern."}
        one_winner(track.race(at_the_desk, f"{case}/referral-decision", decision), "decided already", 201)
        for kind, words in (("apologise", APOLOGY), ("correct", CORRECTION)):
            assert track.send("staff", f"{case}/steps/{kind}/take", {"public_text": words}).status_code == 200
        assert track.send("digital", f"{case}/advice", {"text": "Use two devices."}).status_code == 200
        one_winner(track.race(at_the_desk, f"{case}/close", {"resolution": "referred"}), "closed")
        one_winner(track.race(at_the_desk, f"{case}/reopen", {"reason": "There is more"}), "not closed")
        told = track.kinds(case)
        once = ("triaged", "referral_decided", "closed", "reopened", "advised")
        assert {kind: told[kind] for kind in once} == dict.fromkeys(once, 1)
        assert told["step_taken"] == 3
        assert told["acknowledged"] == 2, "the manager's, and the desk's by its triage"


def test_different_deeds_at_once_all_stand_or_say_why(track):
    case = track.report()
    deeds = [
        lambda: track.send("staff", f"{case}/steps/delete/take"),
        lambda: track.send("digital", f"{case}/steps/delete/waive", {"reason": "Gone already"}),
        lambda: track.send("digital2", f"{case}/triage", {"codes": ["factual_error", "rebuttal"]}),
        lambda: track.send("staff", case, {"codes": ["factual_error", "other"]}, "PATCH"),
        lambda: track.send("digital", f"{case}/exposure", {"reach": 7}),
        lambda: track.send("manager", f"{case}/acknowledge"),
    ] * 8
    answers = at_once(deeds, track.threads)
    assert {answer.status_code for answer in answers} <= {200, 409}
    stands = track.send("digital", case, method="GET").json()
    delete = stands["steps"][0]
    assert [a.status_code for a in answers[0::6]].count(200) + [a.status_code for a in answers[1::6]].count(200) == 1
    assert delete["state"] in ("taken", "waived")
    assert [a.status_code for a in answers[2::6]].count(200) == 1
    assert [a.status_code for a in answers[5::6]].count(200) == 1
    assert stands["codes"] == ["rebuttal", "factual_error"]
    assert stands["post"]["reach"] == 7


def test_notes_messages_and_files_all_stand(track):
    case = track.report()
    notes, messages = [f"note {n}" for n in range(MOST_FILES)], [f"message {n}" for n in range(MOST_FILES)]
    deeds = [
        *(partial(track.send, "digital", f"{case}/notes", {"text": t, "audience": "digital_unit"}) for t in notes),
        *(partial(track.send, "staff", f"{case}/messages", {"text": text}) for text in messages),
    ]
    assert {answer.status_code for answer in at_once(deeds, track.threads)} == {200}

    def add(n: int) -> httpx.Response:
        return track.web.post(
            f"{case}/evidence", headers=track.keys["staff"], files={"file": (f"{n}.txt", f"words {n}".encode())}
        )

    files = at_once([partial(add, n) for n in range(MOST_FILES + 5)], track.threads)
    assert Counter(answer.status_code for answer in files) == {201: MOST_FILES, 409: 5}
    seen = track.send("digital", case, method="GET").json()
    assert {each["text"] for each in seen["notes"] + seen["messages"]} == {*notes, *messages}
    assert len(seen["evidence"]) == MOST_FILES
    for file in seen["evidence"][:3]:
        read = track.web.get(f"{case}/evidence/{file['id']}", headers=track.keys["digital"])
        assert read.text == f"words {file['filename'].removesuffix('.txt')}"
    sequences = [sequence for _, sequence in track.entries(case)]
    assert sequences == list(range(1, len(sequences) + 1))


def test_the_same_key_at_once_makes_one_case(track):
    before = track.cases()
    for _ in range(ROUNDS):
        key = {"Idempotency-Key": str(uuid.uuid4())}
        answers = at_once([partial(track.send, "staff", "/api/cases", REPORT, **key)] * 20, track.threads)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["reference"] for answer in answers}) == 1
        case = f"/api/cases/{answers[0].json()['reference']}"
        key = {"Idempotency-Key": str(uuid.uuid4())}
        again = [partial(track.send, "staff", f"{case}/messages", {"text": "Once"}, **key)] * 20
        assert {answer.status_code for answer in at_once(again, track.threads)} == {200}
        assert len(track.send("staff", case, method="GET").json()["messages"]) == 1
    assert track.cases() == before + ROUNDS


def test_views_kept_at_once(track):
    """One of each name, and no more than there is room for."""
    answers = track.race(("digital",), "/api/views", {"name": "Mine", "filters": {"assigned": "me"}})
    assert Counter(answer.status_code for answer in answers) == {201: 1, 422: RACERS - 1}
    bodies = [{"name": f"View {number}", "filters": {}} for number in range(RACERS)]
    answers = at_once([partial(track.send, "digital2", "/api/views", body) for body in bodies], track.threads)
    assert Counter(answer.status_code for answer in answers) == {201: MOST_VIEWS, 409: RACERS - MOST_VIEWS}
    for who, most in (("digital", 1), ("digital2", MOST_VIEWS)):
        assert len(track.send(who, "/api/views", method="GET").json()["items"]) == most


def test_the_same_key_of_two_people_makes_two_cases(track):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    deeds = [partial(track.send, name, "/api/cases", REPORT, **key) for name in ("staff", "manager") * 10]
    answers = at_once(deeds, track.threads)
    assert {answer.status_code for answer in answers} == {201}
    made = {(answer.json()["reporter"]["email"], answer.json()["reference"]) for answer in answers}
    assert len(made) == len({reference for _, reference in made}) == 2


def test_of_many_who_saw_the_same_version_one_writes(track):
    for n in range(ROUNDS):
        case = track.report()
        seen = track.send("staff", case, method="GET").headers["etag"]
        answers = track.race(("staff", "digital"), case, {"media_interest": True}, "PATCH", **{"If-Match": seen})
        assert Counter(answer.status_code for answer in answers) == {200: 1, 412: RACERS - 1}, n
        assert track.kinds(case)["facts_changed"] == 1


def test_two_cases_closed_as_each_others_duplicate(track):
    cases = [track.report() for _ in range(2)]
    for case in cases:
        for kind in ("delete", "apologise", "correct"):
            assert track.send("digital", f"{case}/steps/{kind}/waive", {"reason": "Twice"}).status_code == 200
        assert track.send("digital", f"{case}/triage").status_code == 200
        assert track.send("digital", f"{case}/advice", {"text": "Once is enough."}).status_code == 200
        decision = {"refer": False, "reason": "An honest mistake"}
        assert track.send("digital", f"{case}/referral-decision", decision).status_code == 200
    references = [case.rpartition("/")[2] for case in cases]
    deeds = [
        partial(track.send, "digital", f"{case}/close", {"resolution": "duplicate", "duplicate_of": other})
        for case, other in zip(cases, reversed(references), strict=True)
    ] * (RACERS // 2)
    answers = at_once(deeds, track.threads)
    assert {answer.status_code for answer in answers} <= {200, 409, 422}, Counter(a.status_code for a in answers)


def test_two_cases_merged_into_each_other(track):
    for _ in range(ROUNDS):
        cases = [track.report() for _ in range(2)]
        references = [case.rpartition("/")[2] for case in cases]
        deeds = [
            partial(track.send, name, f"{case}/merge", {"into": other})
            for name in ("digital", "digital2")
            for case, other in zip(cases, reversed(references), strict=True)
        ] * (RACERS // 8)
        answers = at_once(deeds, track.threads)
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: len(deeds) - 1}
        stages = [track.send("digital", case, method="GET").json()["stage"] for case in cases]
        assert sorted(stages) == ["closed", "reported"]
        assert sum(track.kinds(case)["merged"] for case in cases) == 1


def test_one_case_merged_into_two_at_once(track):
    for _ in range(ROUNDS):
        case, *others = [track.report() for _ in range(3)]
        deeds = [
            partial(track.send, "digital", f"{case}/merge", {"into": other.rpartition("/")[2]}) for other in others
        ] * (RACERS // 4)
        answers = at_once(deeds, track.threads)
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: len(deeds) - 1}


def test_conflicts_are_named_while_the_cases_become_one(track):
    """Whoever waited for the one finds that it has another by then; which it takes in its turn."""
    for _ in range(ROUNDS):
        one, other = track.report(), track.report()
        deeds = [partial(track.send, "digital", f"{one}/merge", {"into": other.rpartition("/")[2]})]
        deeds += [
            partial(
                track.send, "digital", f"{case}/conflict", {"person": f"{name}@demo.example", "reason": "A cousin."}
            )
            for name in ("colleague", "head", "outsider", "services", "hr3", "media")
            for case in (one, other)
        ]
        answers = at_once(deeds, track.threads)
        assert {answer.status_code for answer in answers} <= {200, 409}, [answer.text for answer in answers]
        assert answers[0].status_code == 200


def test_a_merged_case_is_reopened_while_its_original_closes(track):
    """Both reach for both rows: one waits for the other, and neither is turned away."""
    for _ in range(ROUNDS * 3):
        original, merged = track.report(), track.report()
        for path, body in (
            (f"{original}/triage", {}),
            *(
                (f"{original}/steps/{kind}/waive", {"reason": "Settled."})
                for kind in ("delete", "apologise", "correct")
            ),
            (f"{original}/advice", {"text": "Use two devices."}),
            (f"{original}/referral-decision", {"refer": False, "reason": "A slip."}),
            (f"{merged}/merge", {"into": original.rpartition("/")[2]}),
        ):
            assert track.send("digital", path, body).status_code in (200, 201), path
        deeds = [
            partial(track.send, "digital", f"{original}/close", {"resolution": "advice_given"}),
            partial(track.send, "digital2", f"{merged}/reopen", {"reason": "It is another post."}),
        ]
        assert [answer.status_code for answer in at_once(deeds, track.threads)] == [200, 200]


# Who is told: rotas, absences, deputies.

DAY = {"days": ["mon"], "starts": "09:00", "ends": "17:00", "zone": "Europe/London"}


def shifts(who: str, number: int) -> list[dict[str, object]]:
    """A rota that nobody else puts: as many shifts, all of one person."""
    return [{"person": f"{who}@demo.example", **DAY, "starts": f"{hour:02}:00"} for hour in range(number)]


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_rotas_put_at_once_one_stays_whole(track, _round):
    """Never two beside each other."""
    rotas = [shifts(who, number) for who in ("digital", "digital2") for number in (1, 2, 3, 4, 5)]
    deeds = [
        partial(track.send, "digital", "/api/rota", {"desk": "digital_unit", "shifts": rota}, "PUT") for rota in rotas
    ]
    answers = at_once(deeds, track.threads)
    assert {answer.status_code for answer in answers} == {200}
    kept = track.web.get("/api/rota?desk=digital_unit", headers=track.keys["digital"]).json()["shifts"]
    assert kept in rotas


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_absences_put_at_once_one_list_stays_whole(track, _round):
    lists = [
        [
            {"from": f"2030-{month:02}-{day:02}T09:00:00Z", "until": f"2030-{month:02}-{day:02}T17:00:00Z"}
            for day in range(1, month + 1)
        ]
        for month in range(1, 11)
    ]
    deeds = [partial(track.send, "manager", "/api/preferences", {"absences": each}, "PATCH") for each in lists]
    answers = at_once(deeds, track.threads)
    assert {answer.status_code for answer in answers} == {200}
    kept = track.web.get("/api/preferences", headers=track.keys["manager"]).json()["absences"]
    assert kept in lists


def test_preferences_said_at_once_for_the_first_time_all_count(track):
    """Nobody has a row of their own before they have said something; each says another thing."""
    said = [
        {"deputy": "head@demo.example"},
        {"notify": "digest"},
        {"digest_at": "07:30"},
        {"phone": "+447700900123"},
        {"working_days": ["sun", "mon"]},
    ]
    answers = at_once([partial(track.send, "staff", "/api/preferences", each, "PATCH") for each in said], track.threads)
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    kept = track.web.get("/api/preferences", headers=track.keys["staff"]).json()
    for each in said:
        for name, value in each.items():
            assert sorted(kept[name]) == sorted(value)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_deputies_named_at_once_one_is_kept(track, _round):
    """Somebody who was named, and nobody's request is a fault."""
    names = [f"{name}@demo.example" for name in ("head", "digital", "media", "colleague")] * 5
    deeds = [partial(track.send, "digital2", "/api/preferences", {"deputy": name}, "PATCH") for name in names]
    answers = at_once(deeds, track.threads)
    assert {answer.status_code for answer in answers} == {200}
    assert track.web.get("/api/preferences", headers=track.keys["digital2"]).json()["deputy"] in names

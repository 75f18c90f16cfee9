"""Makes what stories begin with: reports, steps taken, cases on their way, small files; and looks underneath."""

import subprocess
from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx
from PIL import Image
from sqlalchemy import MetaData, Table, select
from sqlmodel import Session, col

from service.core.clock import Clock
from service.core.database import Database
from service.core.settings import Settings
from service.records.cases import Case
from service.records.people import Person
from service.verification.log import verify_log
from service.worker.run import work_once

NO_DANGER = {"safety_risk": "no", "possibly_classified": "no", "personal_data": "no"}
OFFICIAL = {"type": "official", "platform": "X", "handle": "@EmbassyTokyo"}
PERSONAL = {"type": "personal", "platform": "Instagram"}
APOLOGY = "We are sorry. This was posted by mistake and is not an official view."
CORRECTION = "Correction: we said the talks are on Monday. They are on Tuesday."
DEMO = "@demo.example"
WORDS = {
    "narrative": "Narwhal",
    "message": "Mackerel",
    "hr": "Haddock",
    "line_manager": "Lobster",
    "digital_unit": "Dab",
}
"""What `busy` has somebody say for whom: each word is found nowhere else."""


def people(token: Callable[..., httpx.Client], names: str) -> list[httpx.Client]:
    """A client of the API for each of these people, as in `staff, digital = people(token, "staff digital")`."""
    return [token(name) for name in names.split()]


def report(who: httpx.Client, **facts: Any) -> dict[str, Any]:
    """A mistake on an official account, reported; `facts` replaces what is said of it, None leaves it out."""
    told = {
        "kind": "mistake",
        "account": OFFICIAL,
        "codes": ["wrong_account"],
        "facts_wrong": "no",
        **NO_DANGER,
    } | facts
    made = who.post("/api/cases", json={name: fact for name, fact in told.items() if fact is not None})
    assert made.status_code == 201, made.text
    return made.json()


def at(case: dict[str, Any]) -> str:
    """The case's address in the API."""
    return f"/api/cases/{case['reference']}"


def press(who: httpx.Client, case: dict[str, Any], deed: str, **body: Any) -> dict[str, Any]:
    """A deed that has to succeed; the case as its doer sees it afterwards."""
    done = who.post(f"{at(case)}/{deed}", json=body)
    assert done.status_code in (200, 201), (deed, done.text)
    return done.json()


def step(case: dict[str, Any], kind: str) -> dict[str, Any]:
    """One step of a case."""
    return next(each for each in case["steps"] if each["kind"] == kind)


def states(case: dict[str, Any]) -> dict[str, str]:
    """Each step's state."""
    return {each["kind"]: each["state"] for each in case["steps"]}


def route(case: dict[str, Any], desk: str) -> dict[str, Any]:
    """The latest route to a desk."""
    return [each for each in case["routes"] if each["desk"] == desk][-1]


def desks(case: dict[str, Any]) -> set[str]:
    """Where a case is, as far as this reader sees."""
    return {each["desk"] for each in case["routes"]}


def fields(answer: httpx.Response) -> set[str]:
    """The fields that a refusal names."""
    return {error["field"] for error in answer.json().get("errors", [])}


def entries(who: httpx.Client, case: dict[str, Any], kind: str | None = None) -> list[dict[str, Any]]:
    """The timeline as somebody sees it, or its entries of one kind."""
    answer = who.get(f"{at(case)}/timeline")
    assert answer.status_code == 200, answer.text
    return [entry for entry in answer.json()["items"] if kind in (None, entry["kind"])]


def changed(entry: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What an entry changed, as `{field: (before, after)}`."""
    return {change["field"]: (change["before"], change["after"]) for change in entry["changes"]}


def listed(who: httpx.Client, query: str = "") -> list[str]:
    """The references in somebody's list."""
    answer = who.get(f"/api/cases{query}")
    assert answer.status_code == 200, answer.text
    return [row["reference"] for row in answer.json()["items"]]


def put_right(staff: httpx.Client, digital: httpx.Client, case: dict[str, Any]) -> None:
    """Everything that closing asks for, but for the decision on referral."""
    press(staff, case, "steps/delete/take")
    press(staff, case, "steps/apologise/take", public_text=APOLOGY)
    press(digital, case, "triage")
    press(digital, case, "advice", text="Use two devices.")


def upload(
    who: httpx.Client, where: dict[str, Any] | str, content: bytes, name: str = "shot.png", **told: str
) -> httpx.Response:
    """A file for a case, or for the referral of a reference."""
    address = f"/api/referrals/{where}" if isinstance(where, str) else at(where)
    return who.post(f"{address}/evidence", files={"file": (name, content)}, data=told)


def picture(colour: str = "navy", size: tuple[int, int] = (64, 48), kind: str = "PNG", **more: Any) -> bytes:
    """A small picture; `more` is what Pillow is told on saving."""
    made = BytesIO()
    Image.new("RGB", size, colour).save(made, kind, **more)
    return made.getvalue()


def do_what_is_due(database: Database, settings: Settings, clock: Clock) -> None:
    """Let the worker do everything that is due; what leaves by mail or text is for `Post`."""
    busy = True
    while busy:
        busy = work_once(database, settings, clock)


def text_of(pdf: bytes) -> str:
    """The words of a PDF, as a person copies them out; without the breaks of lines."""
    told = subprocess.run(["pdftotext", "-enc", "UTF-8", "-", "-"], input=pdf, capture_output=True, check=True).stdout
    return " ".join(told.decode().split())


def edit(database: Database, who: str, /, **columns: Any) -> None:
    """Change somebody in the directory, as an import would; `manager` and `deputy` are names of the cast."""
    with database.write() as db:
        person = db.execute(select(Person).where(col(Person.email) == who + DEMO)).scalar_one()
        for column, value in columns.items():
            if column in ("manager", "deputy"):
                other = db.execute(select(Person.id).where(col(Person.email) == f"{value}{DEMO}")).scalar()
                setattr(person, f"{column}_id", other)
            else:
                setattr(person, column, value)
        db.add(person)


def id_of(database: Database, name: str) -> int:
    """Somebody's row."""
    with database.read() as db:
        return db.execute(select(Person.id).where(col(Person.email) == name + DEMO)).scalar_one()


def case_id(database: Database, case: dict[str, Any]) -> int:
    """A case's row."""
    with database.read() as db:
        return db.execute(select(Case.id).where(col(Case.reference) == case["reference"])).scalar_one()


_tables: dict[str, dict[str, Table]] = {}


def tables_of(db: Session) -> dict[str, Table]:
    """Every table that the database itself names, asked once of each engine: all databases of the tests are made alike.

    Without the search index, which cannot be read row by row; on SQLite the tables that it is made of can.
    """
    engine = db.get_bind().dialect.name
    if engine not in _tables:
        found = MetaData()
        found.reflect(db.connection())
        _tables[engine] = {name: table for name, table in found.tables.items() if name != "search_index"}
    return _tables[engine]


def everything_kept(database: Database) -> str:
    """Every value of every row of every table, as one text, to look for words that must not be there."""
    with database.read() as db:
        # As plain tuples: a row of SQLAlchemy's leaves out the middle of a long value when it is printed.
        return "\n".join(str([tuple(row) for row in db.execute(select(table))]) for table in tables_of(db).values())


def faults(database: Database) -> list[str]:
    """What verification finds wrong with the log and the rows."""
    with database.read() as db:
        return verify_log(db)


def referred(token: Callable[..., httpx.Client], by: str = "staff", **facts: Any) -> str:
    """A case that was put right and passed to HR; the reference of the referral."""
    staff, digital, hr = people(token, f"{by} digital hr")
    case = report(staff, **{"codes": ["disrepute"], **facts})
    put_right(staff, digital, case)
    told = {"refer": True, "reason": "It harmed our name.", "allegation": "A post that harmed our name."}
    made = digital.post(f"{at(case)}/referral-decision", json=told)
    assert made.status_code == 201, made.text
    return hr.get("/api/referrals").json()["items"][0]["reference"]


def room(who: httpx.Client, reference: str, deed: str, **body: Any) -> dict[str, Any]:
    """A deed in the HR room that has to succeed; the referral as its doer sees it afterwards."""
    done = who.post(f"/api/referrals/{reference}/{deed}", json=body)
    assert done.status_code == 200, (deed, done.text)
    return done.json()


def refuses(who: httpx.Client, reference: str, deed: str, **body: Any) -> tuple[int, set[str]]:
    """The status of a deed in the HR room that is refused, and the fields or gates it names."""
    answer = who.post(f"/api/referrals/{reference}/{deed}", json=body)
    return answer.status_code, fields(answer)


def busy(token, *, refer=True):
    """A case that has been everywhere: every desk, every audience, a file, a decision for HR, a conflict."""
    staff, manager, digital, data = people(token, "staff manager digital data")
    case = report(staff, codes=["disrepute"], personal_data="yes", narrative=WORDS["narrative"])
    press(staff, case, "steps/delete/cannot", reason="lost_access")
    press(staff, case, "steps/delete/take")
    assert staff.patch(at(case), json={"facts_wrong": "unsure"}).status_code == 200
    press(staff, case, "exposure", media_interest=True, reach=3)
    press(staff, case, "messages", text=WORDS["message"])
    case["file"] = upload(staff, case, picture()).json()["id"]
    press(manager, case, "acknowledge")
    press(digital, case, "triage", facts_wrong="yes", severity="critical", assigned_to="digital@demo.example")
    for desk in ("media_office", "hr", "fco_services"):
        press(digital, case, "send", desk=desk, reason="Look at this.")
    for audience in ("reporter", "line_manager", "digital_unit", "hr"):
        press(digital, case, "notes", text=WORDS.get(audience, "Rudd"), audience=audience)
    press(digital, case, "steps/delete/verify")
    press(digital, case, "steps/correct/waive", reason="Nobody read it.")
    press(digital, case, "advice", text="Use two devices.")
    press(digital, case, "conflict", person="digital2@demo.example", reason="A cousin.")
    press(data, case, "protection-decision", question="regulator", tell=False, reason="No risk to anybody.")
    proposed = manager.post(f"{at(case)}/referral-decision", json={"refer": False, "reason": "Not for me."})
    assert proposed.status_code == 200
    decided = digital.post(f"{at(case)}/referral-decision", json={"refer": refer, "reason": WORDS["hr"]})
    assert decided.status_code == (201 if refer else 200)
    return case

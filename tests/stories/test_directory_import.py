"""An administrator keeps the directory in step with a file, and the first administrator is made at the shell."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, col

from service.cli import main
from service.core.database import Database, open_database
from service.core.errors import Invalid
from service.people.directory import Imported, find, import_csv
from service.people.identity import begin_session, by_session, by_token, make_token
from service.people.passwords import check_password
from service.records.enums import DeskName, Employer, Engagement, Role, Scope
from service.records.people import DeskMember, Person, PersonRole
from tests.conftest import START

HEADING = "email,name,unit,zone,employer,engagement,manager_email,deputy_email,desks,active"
AVA = "ava@demo.example,Ava,Embassy Oslo,Europe/Oslo,fco,civil_servant,manager@demo.example,,,yes"
BEN = "Ben@Demo.example,Ben,Embassy Oslo,Europe/Oslo,fco,contractor,ava@demo.example,ava@demo.example,media_office,yes"


@pytest.fixture
def directory(cast_url: str) -> Database:
    """The cast's directory."""
    return open_database(cast_url)


def bring_in(directory: Database, *lines: str) -> Imported:
    """Import a file with these rows."""
    with directory.write() as db:
        return import_csv(db, "\n".join([HEADING, *lines]), START)


def refused(directory: Database, content: str | bytes) -> dict[str, str]:
    """What is wrong with a file, by row and column; nothing of it may be kept."""
    with directory.read() as db:
        before = db.execute(select(func.count()).select_from(Person)).scalar_one()
    with pytest.raises(Invalid) as refusal, directory.write() as db:
        import_csv(db, content, START)
    with directory.read() as db:
        assert db.execute(select(func.count()).select_from(Person)).scalar_one() == before
    return {error.field: error.message for error in refusal.value.errors}


def seats(db: Session, email: str) -> dict[str, bool]:
    """The desks a person sits at; True where they lead."""
    person = find(db, email)
    assert person is not None
    return {
        seat.desk: seat.lead
        for seat in db.execute(select(DeskMember).where(col(DeskMember.person_id) == person.id)).scalars()
    }


def test_new_people_arrive(directory: Database) -> None:
    """Managers and deputies may stand further down in the same file."""
    done = bring_in(directory, BEN, AVA)
    assert done.added == ["ben@demo.example", "ava@demo.example"]
    with directory.read() as db:
        ben, ava = find(db, " BEN@demo.example "), find(db, "ava@demo.example")
        assert ben is not None
        assert ava is not None
        assert (ben.manager_id, ben.deputy_id, ben.unit_id) == (ava.id, ava.id, ava.unit_id)
        assert (ben.engagement, ben.zone) == (Engagement.CONTRACTOR, "Europe/Oslo")
        assert seats(db, "ben@demo.example") == {DeskName.MEDIA_OFFICE: False}


def test_the_same_file_again_changes_nothing(directory: Database) -> None:
    """And one changed cell changes one person."""
    bring_in(directory, AVA, BEN)
    assert bring_in(directory, AVA, BEN).same == ["ava@demo.example", "ben@demo.example"]
    done = bring_in(directory, AVA.replace("Ava,", "Ava Berg,"), BEN)
    assert (done.changed, done.same) == (["ava@demo.example"], ["ben@demo.example"])


def test_a_blank_keeps_what_has_no_none(directory: Database) -> None:
    """A blank zone, employer or engagement keeps what is there; a blank manager means nobody."""
    bring_in(directory, "staff@demo.example,Sam,,,,,,,,")
    with directory.read() as db:
        staff = find(db, "staff@demo.example")
        assert staff is not None
        assert (staff.zone, staff.employer, staff.active) == ("Asia/Tokyo", Employer.FCO, True)
        assert (staff.manager_id, staff.unit_id, staff.name) == (None, None, "Sam")


def test_a_blank_deputy_keeps_whom_the_person_has_named(directory: Database) -> None:
    with directory.write() as db:
        staff, colleague = (find(db, f"{name}@demo.example") for name in ("staff", "colleague"))
        assert staff is not None
        assert colleague is not None
        staff.deputy_id = colleague.id
    bring_in(directory, "staff@demo.example,Staff,Team,,,,manager@demo.example,,,")
    with directory.read() as db:
        staff = find(db, "staff@demo.example")
        assert staff is not None
        assert staff.deputy_id == colleague.id


def test_desks_are_given_and_taken(directory: Database) -> None:
    """Between spaces or semicolons; `:lead` marks a lead."""
    bring_in(directory, "hr@demo.example,HR,,,,,,,digital_unit:lead;  hr data_protection,yes")
    with directory.read() as db:
        assert seats(db, "hr@demo.example") == {"digital_unit": True, "hr": False, "data_protection": False}
    bring_in(directory, "hr@demo.example,HR,,,,,,,hr:lead,yes")
    with directory.read() as db:
        assert seats(db, "hr@demo.example") == {"hr": True}


def test_a_leaver_is_out_at_once(directory: Database) -> None:
    """Sessions and tokens end in the same transaction."""
    with directory.write() as db:
        staff = find(db, "staff@demo.example")
        assert staff is not None
        session = begin_session(db, staff, START)
        token = make_token(db, staff, [Scope.READ], 30, START)
    done = bring_in(directory, "staff@demo.example,Sam,,,,,,,,no")
    assert done.left == ["staff@demo.example"]
    with directory.read() as db:
        assert by_session(db, session, START) == (None, False)
        assert by_token(db, token, START) is None
    bring_in(directory, "staff@demo.example,Sam,,,,,,,,yes")
    with directory.read() as db:
        assert by_session(db, session, START) == (None, False)
        assert by_token(db, token, START) is None


@pytest.mark.parametrize(
    "spelling",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: text + "\n\n,,,,,,,,,\n",
        lambda text: text.replace("Ava,", '"Ava",'),
        lambda text: text.replace("email,name", " Email , NAME "),
    ],
    ids=["utf8", "mark", "crlf", "semicolons", "tabs", "blank rows", "quotes", "capitals"],
)
def test_files_as_spreadsheets_write_them(directory: Database, spelling: Callable[[str], str | bytes]) -> None:
    """All of these are the same file."""
    with directory.write() as db:
        done = import_csv(db, spelling("\n".join([HEADING, AVA])), START)
        ava = find(db, "ava@demo.example")
    assert done.added == ["ava@demo.example"]
    assert ava is not None
    assert ava.name == "Ava"


WRONG = {
    "a zone that is none": (AVA.replace("Europe/Oslo", "Europe/Atlantis"), "row 2, zone"),
    "an employer that is none": (AVA.replace(",fco,", ",acme,"), "row 2, employer"),
    "an engagement that is none": (AVA.replace("civil_servant", "pirate"), "row 2, engagement"),
    "a desk that is none": (AVA.replace(",,,yes", ",,front_desk,yes"), "row 2, desks"),
    "a desk that nobody sits at": (AVA.replace(",,,yes", ",,line_manager,yes"), "row 2, desks"),
    "a rank that is none": (AVA.replace(",,,yes", ",,hr:chief,yes"), "row 2, desks"),
    "a desk twice": (AVA.replace(",,,yes", ",,hr hr:lead,yes"), "row 2, desks"),
    "an address that is none": (AVA.replace("ava@", "ava at "), "row 2, email"),
    "no address": (AVA.replace("ava@demo.example", ""), "row 2, email"),
    "no name": (AVA.replace("Ava", " "), "row 2, name"),
    "a name that is too long": (AVA.replace("Ava", "A" * 301), "row 2, name"),
    "neither yes nor no": (AVA.replace(",,,yes", ",,,maybe"), "row 2, active"),
    "a manager nobody knows": (AVA.replace("manager@", "nobody@"), "row 2, manager_email"),
    "a deputy nobody knows": (AVA.replace(",,,yes", ",nobody@demo.example,,yes"), "row 2, deputy_email"),
    "their own manager": (AVA.replace("manager@", "ava@"), "row 2, manager_email"),
    "a byte that is nothing": (AVA.replace("Ava", "A\0va"), "row 2, name"),
    "a line end in a name": (AVA.replace("Ava", '"A\nva"'), "row 2, name"),
    "a column too few": (AVA.removesuffix(",yes"), "row 2, row"),
    "a column too many": (AVA + ",", "row 2, row"),
    "an address twice": (AVA + "\n" + AVA.replace("ava@", "AVA@"), "row 3, email"),
}


@pytest.mark.parametrize(("line", "where"), WRONG.values(), ids=WRONG.keys())
def test_a_row_that_is_wrong_is_named(directory: Database, line: str, where: str) -> None:
    """By its number and its column, with a sentence."""
    assert list(refused(directory, f"{HEADING}\n{line}")) == [where]


def test_every_wrong_row_is_named(directory: Database) -> None:
    """One reading of the file finds all of it."""
    faults = refused(
        directory,
        "\n".join([HEADING, AVA.replace("Europe/Oslo", "Nowhere"), BEN.replace("Ben,", ","), AVA.replace("fco", "x")]),
    )
    assert faults.keys() == {"row 2, zone", "row 3, name", "row 4, employer", "row 4, email"}


def test_a_circle_of_managers_is_named(directory: Database) -> None:
    """Within the file, or through people who stand in the directory only."""
    faults = refused(directory, "\n".join([HEADING, AVA.replace("manager@", "ben@"), BEN]))
    assert faults == {
        "row 2, manager_email": "this makes a circle: ava@demo.example → ben@demo.example → ava@demo.example",
        "row 3, manager_email": "this makes a circle: ben@demo.example → ava@demo.example → ben@demo.example",
    }
    through = "head@demo.example,Head,,,,,staff@demo.example,,,yes"
    assert list(refused(directory, f"{HEADING}\n{through}")) == ["row 2, manager_email"]


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (HEADING.replace(",zone", "") + "\n", "row 1, zone"),
        (HEADING.replace("zone", "shoe_size") + "\n", "row 1, shoe_size"),
        (HEADING + ",zone\n", "row 1, zone"),
        (HEADING + "\n", "file"),
        ("", "row 1, email"),
        (b"\xff\xfe" + HEADING.encode("utf-16-le"), "file"),
        (HEADING + '\n"ava', "file"),
    ],
    ids=["a column too few", "a column too many", "a column twice", "nobody", "nothing", "another code", "open quotes"],
)
def test_a_file_that_is_wrong_as_a_whole(directory: Database, content: str | bytes, where: str) -> None:
    """Said before any row is looked at."""
    assert where in refused(directory, content)


# At the shell.


@pytest.fixture
def shell(cast_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a command against the cast's database."""
    monkeypatch.setenv("AMENDS_DATABASE_URL", cast_url)
    monkeypatch.setenv("AMENDS_SECRET_KEY", "a-secret-for-tests-only-0123456789")
    return lambda *words: main(list(words))


def test_a_file_at_the_shell(
    shell: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], directory: Database
) -> None:
    """One line when it is done; a line for each fault, and exit code 1, when it is not."""
    path = tmp_path / "people.csv"
    path.write_text(f"{HEADING}\n{AVA}\n")
    assert shell("people", "import", str(path)) == 0
    assert capsys.readouterr().out == "1 added, 0 changed, 0 as before, 0 left\n"
    path.write_text(f"{HEADING}\n{AVA.replace('Oslo', 'Atlantis')}\n{BEN.replace('contractor', 'x')}\n")
    assert shell("people", "import", str(path)) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("row 2, zone: ")
    assert said[1].startswith("row 3, engagement: ")
    assert said[-1] == "Nothing was imported: 2 things in the file are wrong."
    assert shell("people", "import", str(tmp_path / "absent.csv")) == 1


def test_the_first_administrator(
    shell: Callable[..., int], directory: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Made at the shell, and whoever is signed in already signs in again."""
    with directory.write() as db:
        staff = find(db, "staff@demo.example")
        assert staff is not None
        session = begin_session(db, staff, START)
    assert shell("people", "set-role", "Staff@demo.example", "administrator") == 0
    with directory.read() as db:
        assert db.get(PersonRole, (staff.id, Role.ADMINISTRATOR)) is not None
        assert by_session(db, session, START) == (None, False)
    capsys.readouterr()
    assert shell("people", "set-role", "staff@demo.example", "administrator") == 1
    assert capsys.readouterr().err == "staff@demo.example is administrator already\n"
    assert shell("people", "set-role", "nobody@demo.example", "auditor") == 1
    assert shell("people", "set-role", "staff@demo.example", "king") == 2


def test_a_password_from_a_pipe(
    shell: Callable[..., int], directory: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never as a word of the command, where others could read it."""
    monkeypatch.setattr("sys.stdin", io.StringIO("a-long-enough-password\n"))
    assert shell("people", "password", "staff@demo.example") == 0
    with directory.read() as db:
        assert check_password(db, "staff@demo.example", "a-long-enough-password") is not None
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert shell("people", "password", "staff@demo.example") == 1
    assert capsys.readouterr().err == "Use at least 12 characters\n"


def test_a_token_is_the_last_word(
    shell: Callable[..., int], directory: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Printed once, kept as its hash; it may do what was asked for and no more."""
    assert shell("token", "create", "staff@demo.example", "--scope", "read", "--days", "7") == 0
    key = capsys.readouterr().out.split()[-1]
    with directory.read() as db:
        me = by_token(db, key, START)
    assert me is not None
    assert me.scopes == {Scope.READ}
    for words in (["--days", "91"], ["--days", "7", "--scope", "read,write"]):
        wanted = 1 if "91" in words else 0
        assert shell("token", "create", "staff@demo.example", *words) == wanted
    assert shell("token", "create", "staff@demo.example", "--scope", "all") == 2
    assert shell("token", "create", "nobody@demo.example") == 1


def test_a_playbook_at_the_shell(shell: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The judgement is JSON; a playbook that is wrong is named with its line."""
    shipped = str(Path(__file__).parents[2] / "service" / "playbook.toml")
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps({"kind": "mistake", "codes": ["wrong_account"], "employer": "fco"}))
    assert shell("playbook", "check", shipped) == 0
    capsys.readouterr()
    assert shell("playbook", "explain", shipped, "--case", str(facts)) == 0
    assert json.loads(capsys.readouterr().out)["severity"] == "low"
    facts.write_text("{")
    assert shell("playbook", "explain", shipped, "--case", str(facts)) == 1
    facts.write_text('{"kind": "mistake", "codes": ["no"]}')
    assert shell("playbook", "explain", shipped, "--case", str(facts)) == 1
    (tmp_path / "wrong.toml").write_text("version = 1")
    assert shell("playbook", "check", str(tmp_path / "wrong.toml")) == 1
    assert "line 1" in capsys.readouterr().err


def test_what_stops_a_start(
    shell: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One clear line, and exit code 1."""

    def said(*words: str) -> str:
        assert shell(*words) == 1
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1
        return lines[0]

    monkeypatch.setenv("AMENDS_COLOUR", "red")
    assert "AMENDS_COLOUR is not a setting" in said("serve")
    monkeypatch.delenv("AMENDS_COLOUR")
    assert "demo mode only" in said("seed", "--demo")
    monkeypatch.setenv("AMENDS_DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")
    assert "amends migrate" in said("serve")
    assert "amends migrate" in said("worker")
    monkeypatch.setenv("AMENDS_DATABASE_URL", "postgresql+psycopg://amends:secret@127.0.0.1:1/amends")
    line = said("worker")
    assert line.startswith("The database cannot be used")
    assert "secret" not in line


def test_the_log_at_the_shell(shell: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to find in a new log; a file that is no PDF is a finding."""
    assert shell("verify") == 0
    (tmp_path / "no.pdf").write_text("no")
    assert shell("verify", str(tmp_path / "no.pdf")) == 1
    assert capsys.readouterr().err == "This is not a PDF\n"


def test_help_is_quick_and_wrong_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 for what no command knows."""
    assert main(["--help"]) == 0
    for words in ([], ["sing"], ["serve", "--port", "x"], ["seed"], ["people"], ["token", "create"]):
        assert main(words) == 2, words

"""The commands as a shell meets them: processes with an exit code, a line or two, and nothing left behind."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import zipfile
from io import StringIO
from pathlib import Path

import httpx
import pytest

from service.cli import main
from tests.conftest import Browser
from tests.served import AMENDS, ROOT, Process, environment, in_folder, serving

PLAYBOOK = ROOT / "service" / "playbook.toml"
HEADING = "email,name,unit,zone,employer,engagement,manager_email,deputy_email,desks,active\n"


Said = tuple[int, str, str]


class Shell:
    """A folder, a database in it, and a prompt."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.settings = settings

    def run(self, *words: str, told: str = "", **settings: str) -> Said:
        """`amends WORDS`, with these settings besides: its exit code, and what it says on its two outputs."""
        done = subprocess.run(
            [AMENDS, *words],
            cwd=self.folder,
            env=self.settings | {f"AMENDS_{name.upper()}": value for name, value in settings.items()},
            input=told,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return done.returncode, done.stdout, done.stderr

    def done(self, *words: str, **more: str) -> str:
        """What a command says that has to succeed."""
        code, out, err = self.run(*words, **more)
        assert (code, err) == (0, ""), (words, out, err)
        return out

    def refused(self, *words: str, **more: str) -> list[str]:
        """The lines of a command that has to refuse."""
        code, out, err = self.run(*words, **more)
        assert (code, out) == (1, ""), (words, out, err)
        assert "Traceback" not in err
        return err.splitlines()


class Prompt(Shell):
    """The same without a process for each command, where there are many."""

    def __init__(self, shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(shell.folder, shell.settings)
        self.patch = monkeypatch
        self.capsys = capsys

    def run(self, *words: str, told: str = "", **settings: str) -> Said:
        """Run it here, under the settings that the process would have had."""
        wanted = self.settings | {"AMENDS_BASE_URL": "http://127.0.0.1:8000"}
        wanted |= {f"AMENDS_{name.upper()}": value for name, value in settings.items()}
        with self.patch.context() as patch:
            for name in [name for name in os.environ if name.startswith("AMENDS_")]:
                patch.delenv(name)
            for name, value in wanted.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "stdin", StringIO(told))
            self.capsys.readouterr()
            code = main(list(words))
        return code, *self.capsys.readouterr()


@pytest.fixture
def shell(tmp_path: Path, sqlite_files: dict[str, Path]) -> Shell:
    """A shell in a folder of its own, with the cast in the database."""
    shutil.copyfile(sqlite_files["cast"], tmp_path / "amends.db")
    return Shell(tmp_path, in_folder(tmp_path, f"sqlite:///{tmp_path}/amends.db"))


@pytest.fixture
def prompt(shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Prompt:
    """The same shell, for many commands."""
    return Prompt(shell, monkeypatch, capsys)


def one(lines: list[str]) -> str:
    """The only line."""
    assert len(lines) == 1, lines
    return lines[0]


# ---- From an empty folder ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_from_an_empty_folder_to_a_pdf_that_is_checked(tmp_path: Path):
    """With no setting but AMENDS_DEMO, as `make run` has it; everything that is kept lies in `var`."""
    shell = Shell(tmp_path, environment(demo="1"))
    first, again = shell.done("migrate"), shell.done("migrate")
    assert first == again
    assert re.fullmatch(r"The schema is at \w+\n", first)
    code, out, err = shell.run("seed", "--demo", "--cases", "3")
    assert code == 0, err
    assert re.search(r"\d+ people.*\d+ cases", out)
    assert {path.name for path in tmp_path.iterdir()} == {"var"}
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert shell.done("verify") == "The log and the rows agree.\n"

    with sqlite3.connect(tmp_path / "var" / "amends.db") as db:
        (reference,) = db.execute("SELECT reference FROM case_file ORDER BY id LIMIT 1").fetchone()
    told = shell.done("export", reference, "--audience", "digital_unit", "--out", "case.pdf")
    assert told == f"case.pdf holds {reference} for digital_unit\n"
    assert (tmp_path / "case.pdf").read_bytes().startswith(b"%PDF-")

    # Whoever checks the file has nothing but the file.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move(tmp_path / "case.pdf", elsewhere / "case.pdf")
    alone = Shell(elsewhere, environment())
    assert alone.done("verify", "case.pdf") == "Everything that can be checked here holds.\n"
    assert not (elsewhere / "var").exists()

    with sqlite3.connect(tmp_path / "var" / "amends.db") as db:
        other = "CASE severity WHEN 'low' THEN 'high' ELSE 'low' END"
        db.execute(f"UPDATE case_file SET severity = {other} WHERE reference = ?", (reference,))
    found = shell.refused("verify")
    assert any(reference in line for line in found), found


def test_demo_people_are_made_in_demo_mode_only(prompt):
    assert one(prompt.refused("seed", "--demo", demo="0")) == "Demo data is made in demo mode only: set AMENDS_DEMO=1"
    assert prompt.run("seed")[0] == 2


# ---- People and tokens ------------------------------------------------------------------------------------------


def test_what_is_made_at_the_shell_opens_doors(shell):
    said = shell.done("token", "create", "staff@demo.example", "--scope", "read", "--days", "1")
    assert said.count("\n") == 1
    key = said.split()[-1]
    shell.done("people", "password", "admin@demo.example", told="a-long-enough-password\n")
    shell.done("people", "set-role", "outsider@demo.example", "administrator")
    with serving(shell.settings, shell.folder, "--no-worker") as process:
        at = process.address()
        headers = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{at}/api/me", headers=headers).json()["email"] == "staff@demo.example"
        assert httpx.post(f"{at}/api/cases", headers=headers, json={"kind": "mistake"}).status_code == 403
        with Browser(base_url=at) as admin, Browser(base_url=at) as outsider:
            assert admin.sign_in("admin@demo.example").status_code == 401
            assert admin.sign_in("admin@demo.example", "a-long-enough-password").status_code == 303
            outsider.sign_in("outsider@demo.example")
            # At a port that nobody chose, links lead to the one that was free.
            assert at in outsider.get("/settings").text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("token", "create", "nobody@demo.example"), "nobody@demo.example"),
        (("token", "create", "staff@demo.example", "--days", "91"), "90 days"),
        (("people", "set-role", "nobody@demo.example", "auditor"), "nobody@demo.example"),
        (("people", "password", "staff@demo.example"), "at least 12 characters"),
        (("people", "import", "absent.csv"), "absent.csv: No such file"),
        (("export", "SM-2026-999999", "--audience", "hr", "--out", "x.pdf"), "There is no case SM-2026-999999"),
        (("verify", "absent.pdf"), "absent.pdf: No such file"),
        (("playbook", "check", "absent.toml"), "absent.toml"),
        (("playbook", "explain", str(PLAYBOOK), "--case", "absent.json"), "absent.json"),
    ],
)
def test_a_refusal_is_one_line(prompt, words, says):
    assert says in one(prompt.refused(*words, told="short\n"))


def test_an_import_with_bad_rows_names_each_and_keeps_none(prompt):
    good = "ava@demo.example,Ava,Embassy Oslo,Europe/Oslo,fco,civil_servant,manager@demo.example,,,yes\n"
    bad = [
        "ben@demo.example,Ben,Unit,Europe/Atlantis,fco,civil_servant,,,,yes\n",
        "not an address,Cy,Unit,Europe/London,fco,civil_servant,,,,yes\n",
        "dee@demo.example,Dee,Unit,Europe/London,fco,pirate,nobody@demo.example,,,yes\n",
    ]
    (prompt.folder / "people.csv").write_text(HEADING + good + "".join(bad))
    found = prompt.refused("people", "import", "people.csv")
    assert [line.partition(":")[0] for line in found[:-1]] == [
        "row 3, zone",
        "row 4, email",
        "row 5, engagement",
        "row 5, manager_email",
    ]
    assert found[-1] == "Nothing was imported: 4 things in the file are wrong."
    (prompt.folder / "people.csv").write_text(HEADING + good)
    assert prompt.done("people", "import", "people.csv") == "1 added, 0 changed, 0 as before, 0 left\n"
    assert prompt.done("people", "import", "people.csv") == "0 added, 0 changed, 1 as before, 0 left\n"


# ---- The playbook -----------------------------------------------------------------------------------------------


def test_a_playbook_is_checked_and_explains_itself(prompt, tmp_path):
    assert prompt.done("playbook", "check", str(PLAYBOOK)) == f"{PLAYBOOK} can be used\n"
    lines = PLAYBOOK.read_text().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith('severity = "critical"'))
    lines[at] = 'severity = "dreadful"\n'
    (tmp_path / "wrong.toml").write_text("".join(lines))
    found = prompt.refused("playbook", "check", "wrong.toml")
    assert f"line {at + 1}" in found[0], found
    assert "dreadful" in found[0], found

    (tmp_path / "facts.json").write_text(
        json.dumps({"kind": "mistake", "codes": ["disrepute"], "account": {"type": "official"}, "employer": "fco"})
    )
    judged = json.loads(prompt.done("playbook", "explain", str(PLAYBOOK), "--case", "facts.json"))
    assert judged["severity"] == "high"
    assert set(judged) == {"severity", "because", "steps", "routes", "hr_suggested", "hr_because"}
    assert (judged["hr_suggested"], judged["hr_because"]) == (True, ["disrepute"])
    (tmp_path / "facts.json").write_text('{"kind": "mistake", "colour": "red"}')
    assert "colour" in prompt.refused("playbook", "explain", str(PLAYBOOK), "--case", "facts.json")[0]
    assert f"line {at + 1}" in prompt.refused("playbook", "explain", "wrong.toml", "--case", "facts.json")[0]


# ---- What stops a start -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("colour", "red", "AMENDS_COLOUR is not a setting of Amends"),
        ("demo", "yes", "AMENDS_DEMO must be 0 or 1"),
        ("database_url", "mysql://here", "AMENDS_DATABASE_URL must begin with"),
        ("evidence_url", "/var/evidence", "AMENDS_EVIDENCE_URL must begin with"),
        ("mail_url", "pigeon://post", "AMENDS_MAIL_URL must begin with"),
        ("base_url", "amends.example", "AMENDS_BASE_URL must be an address"),
        ("secret_key", "short", "AMENDS_SECRET_KEY must have at least 32 characters"),
        ("playbook", "/nowhere.toml", "AMENDS_PLAYBOOK names no file"),
        ("database_url", "postgresql+psycopg://amends:hidden@127.0.0.1:1/amends", "The database cannot be used"),
    ],
)
def test_a_setting_that_is_wrong_stops_the_start(prompt, name, value, says):
    for command in (("serve", "--port", "0"), ("worker",)):
        line = one(prompt.refused(*command, **{name: value}))
        assert says in line
        assert "hidden" not in line


def test_a_process_says_it_in_one_line_too(shell):
    assert "AMENDS_COLOUR is not a setting of Amends" in one(shell.refused("serve", "--port", "0", colour="red"))


def test_a_playbook_that_is_wrong_stops_the_start(prompt):
    (prompt.folder / "wrong.toml").write_text('version = "1"\nlanguage = "Latin"\n')
    lines = prompt.refused("serve", "--port", "0", playbook=str(prompt.folder / "wrong.toml"))
    assert "wrong.toml" in lines[0], lines


@pytest.mark.parametrize("revision", ["0001", "ffff", ""])
def test_a_schema_that_is_another_stops_the_start(prompt, revision):
    with sqlite3.connect(prompt.folder / "amends.db") as db:
        if revision:
            db.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        else:
            db.execute("DROP TABLE alembic_version")
    for command in (("serve", "--port", "0"), ("worker",), ("verify",)):
        assert one(prompt.refused(*command)) == "The database does not have the newest schema. Run: amends migrate"


def test_a_port_that_is_taken_stops_the_start(shell):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = one(shell.refused("serve", "--port", str(port)))
    assert line.startswith(f"Amends cannot listen at 127.0.0.1:{port}: ")
    assert "in use" in line


@pytest.mark.parametrize(
    "words",
    [
        "",
        "sing",
        "serve --port x",
        "serve --workers 0",
        "serve --loudly",
        "token",
        "token create",
        "token create staff@demo.example --scope everything",
        "people set-role staff@demo.example king",
        "playbook explain",
        "export SM-2026-000001 --audience everybody --out x.pdf",
        "export SM-2026-000001",
    ],
)
def test_wrong_usage(prompt, words: str):
    code, out, err = prompt.run(*words.split())
    assert (code, out) == (2, "")
    assert err.startswith("usage: amends")


def test_wrong_usage_of_a_process(shell):
    assert shell.run("sing")[0] == 2


# ---- Serving ----------------------------------------------------------------------------------------------------


def test_from_the_start_to_the_first_page(shell, capsys):
    with Process([AMENDS, "serve", "--port", "0"], shell.settings, shell.folder) as process:
        page = httpx.get(f"{process.address()}/sign-in", timeout=60)
        took = time.monotonic() - process.began
        assert page.status_code == 200
        # What it computed, for how long it took depends on whatever else the machine does.
        worked = process.worked()
        assert process.end() == 0, process.words
    with capsys.disabled():
        print(f"\nfrom the start to the first page: {took:.2f} s, of them {worked:.2f} s at work")
    assert worked < 10


@pytest.mark.parametrize(
    ("sign", "options"), [(signal.SIGTERM, ()), (signal.SIGINT, ()), (signal.SIGINT, ("--workers", "2"))]
)
def test_a_signal_ends_it_and_everything_it_started(shell, sign, options):
    with Process([AMENDS, "serve", "--port", "0", *options], shell.settings, shell.folder) as process:
        assert httpx.get(f"{process.address()}/ready", timeout=60).status_code == 200
        assert process.end(sign) == 0, process.words
    assert process.words.count("\n") == 1, process.words


def test_a_worker_ends_when_it_is_told(shell):
    with Process([AMENDS, "worker"], shell.settings, shell.folder) as process:
        process.hears(signal.SIGTERM)
        assert (process.end(), process.words) == (0, "")


# ---- What is held about somebody --------------------------------------------------------------------------------


def test_what_is_held_about_somebody_as_a_file(prompt: Prompt, tmp_path: Path):
    """For whoever runs the service; it says that nobody has looked it through."""
    file = tmp_path / "staff.zip"
    told = prompt.done("person-export", "staff@demo.example", "--out", str(file))
    assert "parts about staff@demo.example" in told
    with zipfile.ZipFile(file) as made:
        page = made.read("index.html").decode()
    assert "Nobody has looked it through yet" in page
    assert "manager@demo.example" not in page
    code, _, err = prompt.run("person-export", "nobody@demo.example", "--out", str(file))
    assert code == 1
    assert "nobody@demo.example" in err

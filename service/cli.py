"""The commands. Each imports what it needs when it runs, so that asking for help is quick.

Exit codes: 0 done, 1 a finding or a refusal (on stderr), 2 wrong usage.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from service.core.database import Database
    from service.core.settings import Settings

Command = Callable[[argparse.Namespace], int]
MOST_TOKEN_DAYS = 90


class Stop(Exception):
    """Nothing can be done; the text is one line that says what to mend."""


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code and raises nothing."""
    try:
        asked = commands().parse_args(argv)
    except SystemExit as ended:
        return int(ended.code or 0)
    try:
        return int(asked.run(asked))
    except KeyboardInterrupt:
        return 1
    except Exception as wrong:
        lines = _told(wrong)
        if not lines:
            raise
        print(*lines, sep="\n", file=sys.stderr)
        return 1


def commands() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = argparse.ArgumentParser(prog="amends", description="Puts right what was posted by mistake.")
    every = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = _command(every, "serve", "the service", _serve)
    serve.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    serve.add_argument("--port", type=_port, default=os.environ.get("PORT") or "8000")
    serve.add_argument("--workers", type=_count, default=1, help="processes that answer requests")
    serve.add_argument("--no-worker", action="store_true", help="leave background work to `amends worker`")
    _command(every, "worker", "background work, as a process of its own", _worker)
    _command(every, "migrate", "bring the schema to the newest", _migrate)
    seed = _command(every, "seed", "demo cast and cases", _seed)
    seed.add_argument("--demo", action="store_true", required=True)
    seed.add_argument("--cases", type=_count, default=0, metavar="N", help="this many more, in bulk")

    token = _group(every, "token", "API tokens")
    create = _command(token, "create", "make a token and print it once", _token)
    create.add_argument("email", metavar="EMAIL")
    create.add_argument("--scope", type=_scopes, default="read,write", help="read, write or both (read,write)")
    create.add_argument("--days", type=_count, default=MOST_TOKEN_DAYS, help="how long it lives (90)")

    people = _group(every, "people", "the directory")
    imported = _command(people, "import", "bring the directory in step with a CSV file", _people_import)
    imported.add_argument("file", type=Path, metavar="FILE.csv")
    role = _command(people, "set-role", "make somebody auditor or administrator", _people_set_role)
    role.add_argument("email", metavar="EMAIL")
    role.add_argument("role", choices=["auditor", "administrator"])
    password = _command(people, "password", "set a password; asked for, or read from a pipe", _people_password)
    password.add_argument("email", metavar="EMAIL")

    playbook = _group(every, "playbook", "the policy as data")
    check = _command(playbook, "check", "find everything wrong with a playbook", _playbook_check)
    check.add_argument("file", type=Path, metavar="FILE")
    explain = _command(playbook, "explain", "print what a playbook makes of a report", _playbook_explain)
    explain.add_argument("file", type=Path, metavar="FILE")
    explain.add_argument("--case", type=Path, required=True, metavar="FACTS.json")

    verify = _command(every, "verify", "check the whole log, or one exported PDF without any server", _verify)
    verify.add_argument("file", type=Path, nargs="?", metavar="FILE.pdf")

    export = _command(every, "export", "write a case as a PDF", _export)
    export.add_argument("reference", metavar="REF")
    export.add_argument("--audience", choices=["reporter", "line_manager", "digital_unit", "hr"], required=True)
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    return parser


def _command(into: "argparse._SubParsersAction", name: str, says: str, run: Command) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = into.add_parser(name, help=says, description=says)
    parser.set_defaults(run=run)
    return parser


def _group(into: "argparse._SubParsersAction", name: str, says: str) -> "argparse._SubParsersAction":
    return into.add_parser(name, help=says, description=says).add_subparsers(required=True, metavar="COMMAND")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:12]) <= 10_000_000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of them")
    return int(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 <= int(text[:12]) <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port")
    return int(text)


def _scopes(text: str) -> list[str]:
    scopes = [scope for scope in text.replace(",", " ").split() if scope]
    if not scopes or set(scopes) - {"read", "write"}:
        raise argparse.ArgumentTypeError(f"'{text}' is not read, write or read,write")
    return list(dict.fromkeys(scopes))


def _told(wrong: Exception) -> list[str]:
    """What is said about something that stops a command; nothing for a fault of our own, which shows itself whole."""
    from sqlalchemy.exc import ArgumentError, DBAPIError

    from service.cases.playbook import PlaybookError
    from service.core.errors import Refusal
    from service.core.settings import BadSetting

    if isinstance(wrong, Refusal):
        lines = [f"{error.field}: {error.message}" for error in wrong.errors if error.message != wrong.detail]
        return [*lines, wrong.detail]
    if isinstance(wrong, DBAPIError):
        return [f"The database cannot be used: {' '.join(str(wrong.orig).split())}"]
    if isinstance(wrong, ArgumentError):
        return ["AMENDS_DATABASE_URL is not an address of a database"]
    if isinstance(wrong, Stop | BadSetting | PlaybookError):
        return [str(wrong)]
    if isinstance(wrong, OSError):
        return [f"{wrong.filename or 'The system says'}: {wrong.strerror or wrong}"]
    return []


def _settings() -> "Settings":
    from service.core.settings import read_settings

    return read_settings()


def _database(settings: "Settings") -> "Database":
    """The database, reached and with the newest schema. Raises Stop when the schema is another."""
    from migrations.schema import is_current
    from service.core.database import open_database

    database = open_database(settings.database_url)
    if not is_current(database):
        raise Stop("The database does not have the newest schema. Run: amends migrate")
    return database


def _serve(asked: argparse.Namespace) -> int:
    from service.cases import playbook
    from service.cases.pinned import register
    from service.core.clock import now
    from service.web.serving import serve
    from service.worker.run import start

    # Where nobody says how people reach it, they reach it where it listens; every process of it reads the same.
    here = "127.0.0.1" if asked.host in ("0.0.0.0", "::", "") else asked.host  # noqa: S104 - not bound to, only named
    os.environ.setdefault("AMENDS_BASE_URL", f"http://{f'[{here}]' if ':' in here else here}:{asked.port}")
    settings = _settings()
    database = _database(settings)
    playbook.load(Path(settings.playbook))
    with database.write() as db:
        register(db, Path(settings.playbook), now())
    end = None if asked.no_worker else start(database, settings, now)
    try:
        return serve(asked.host, asked.port, asked.workers)
    except OSError as wrong:
        raise Stop(f"Amends cannot listen at {asked.host}:{asked.port}: {wrong.strerror or wrong}") from wrong
    finally:
        if end:
            end()
        database.close()


def _worker(_asked: argparse.Namespace) -> int:
    from service.core.clock import now
    from service.worker.run import work_until_signal

    settings = _settings()
    work_until_signal(_database(settings), settings, now)
    return 0


def _migrate(_asked: argparse.Namespace) -> int:
    from migrations.schema import migrate

    print(f"The schema is at {migrate(_settings().database_url)}")
    return 0


def _seed(asked: argparse.Namespace) -> int:
    settings = _settings()
    if not settings.demo:
        raise Stop("Demo data is made in demo mode only: set AMENDS_DEMO=1")
    from service.core.clock import now
    from service.demo.seed import seed

    database = _database(settings)
    print(seed(database, settings, at=now(), cases=asked.cases))
    return 0


def _token(asked: argparse.Namespace) -> int:
    from service.core.clock import now
    from service.people.directory import find
    from service.people.identity import make_token
    from service.records.enums import Scope

    with _database(_settings()).write() as db:
        person = find(db, asked.email) or _nobody(asked.email)
        key = make_token(db, person, [Scope(scope) for scope in asked.scope], asked.days, now())
    print(f"A token for {person.email} ({', '.join(asked.scope)}) for {asked.days} days, shown this once: {key}")
    return 0


def _nobody(email: str) -> NoReturn:
    raise Stop(f"Nobody in the directory has the address {email}")


def _people_import(asked: argparse.Namespace) -> int:
    from service.core.clock import now
    from service.people.directory import find, import_csv
    from service.routing.move_up import move_up

    content = asked.file.read_bytes()
    with _database(_settings()).write() as db:
        at = now()
        done = import_csv(db, content, at)
        for email in done.left:
            move_up(db, find(db, email) or _nobody(email), at=at)
    counts = (("added", done.added), ("changed", done.changed), ("as before", done.same), ("left", done.left))
    print(", ".join(f"{len(emails)} {what}" for what, emails in counts))
    return 0


def _people_set_role(asked: argparse.Namespace) -> int:
    from service.people.directory import set_role
    from service.records.enums import Role

    with _database(_settings()).write() as db:
        person = set_role(db, asked.email, Role(asked.role))
    print(f"{person.email} is {asked.role}")
    return 0


def _people_password(asked: argparse.Namespace) -> int:
    from getpass import getpass

    from service.people.directory import end_access, find
    from service.people.identity import set_password

    database = _database(_settings())
    with database.read() as db:
        find(db, asked.email) or _nobody(asked.email)
    if sys.stdin.isatty():
        password = getpass("New password: ")
        if getpass("The same again: ") != password:
            raise Stop("The two are not the same. Nothing was changed.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    with database.write() as db:
        person = find(db, asked.email) or _nobody(asked.email)
        set_password(db, person, password)
        # Whoever knew the old one is out.
        end_access(db, person)
    print(f"The password of {person.email} is set")
    return 0


def _playbook_check(asked: argparse.Namespace) -> int:
    from service.cases.playbook import check

    faults = check(asked.file)
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{asked.file} can be used")
    return 1 if faults else 0


def _playbook_explain(asked: argparse.Namespace) -> int:
    import json

    from service.cases.explain import explain
    from service.cases.playbook import load

    playbook = load(asked.file)
    try:
        facts = json.loads(asked.case.read_bytes())
    except (ValueError, RecursionError) as wrong:
        raise Stop(f"{asked.case}: this is not JSON: {wrong}") from wrong
    print(json.dumps(explain(playbook, facts), indent=2, ensure_ascii=False))
    return 0


def _verify(asked: argparse.Namespace) -> int:
    from service.verification.log import verify_log
    from service.verification.pdf import verify_pdf

    if asked.file is not None:
        faults = verify_pdf(asked.file)
    else:
        with _database(_settings()).read() as db:
            faults = verify_log(db, _count_up if sys.stderr.isatty() else None)
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print("Everything that can be checked here holds." if asked.file else "The log and the rows agree.")
    return 1 if faults else 0


def _export(asked: argparse.Namespace) -> int:
    from service.core.clock import now
    from service.core.storage import open_store
    from service.documents.pool import Pool
    from service.timeline.reads import log
    from service.web.summaries import bytes_of, case_named, paper

    settings = _settings()
    store = open_store(settings.evidence_url)
    database = _database(settings)
    with database.read() as db:
        case = case_named(db, asked.reference)
        one = paper(db, store, case, asked.audience, made_by="Amends, from the command line", at=now())
    with Pool(workers=1) as pool:
        made = bytes_of(pool, store, one)
    log(database, None, case.id, "pdf", through="command", at=now(), detail=asked.audience)
    asked.out.write_bytes(made)
    print(f"{asked.out} holds {case.reference} for {asked.audience}")
    return 0


def _count_up(done: int) -> None:
    print(f"{done:,} cases", end="\r", file=sys.stderr, flush=True)

"""The command line: what can be asked, and how a no is told. `commands.py` does it.

Exit codes: 0 done, 1 a finding or a refusal (on stderr), 2 wrong usage.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from service import commands as do

Command = Callable[[argparse.Namespace], int]
MOST_TOKEN_DAYS = 90


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

    serve = _command(every, "serve", "the service", do.serve)
    serve.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    serve.add_argument("--port", type=_port, default=os.environ.get("PORT") or "8000")
    serve.add_argument("--workers", type=_count, default=1, help="processes that answer requests")
    serve.add_argument("--no-worker", action="store_true", help="leave background work to `amends worker`")
    _command(every, "worker", "background work, as a process of its own", do.worker)
    _command(every, "migrate", "bring the schema to the newest", do.migrate)
    seed = _command(every, "seed", "demo cast and cases", do.seed)
    seed.add_argument("--demo", action="store_true", required=True)
    seed.add_argument("--cases", type=_count, default=0, metavar="N", help="this many more, in bulk")

    token = _group(every, "token", "API tokens")
    create = _command(token, "create", "make a token and print it once", do.token)
    create.add_argument("email", metavar="EMAIL")
    create.add_argument("--scope", type=_scopes, default="read,write", help="read, write or both (read,write)")
    create.add_argument("--days", type=_count, default=MOST_TOKEN_DAYS, help="how long it lives (90)")

    people = _group(every, "people", "the directory")
    imported = _command(people, "import", "bring the directory in step with a CSV file", do.people_import)
    imported.add_argument("file", type=Path, metavar="FILE.csv")
    role = _command(people, "set-role", "make somebody auditor or administrator", do.people_set_role)
    role.add_argument("email", metavar="EMAIL")
    role.add_argument("role", choices=["auditor", "administrator"])
    password = _command(people, "password", "set a password; asked for, or read from a pipe", do.people_password)
    password.add_argument("email", metavar="EMAIL")

    playbook = _group(every, "playbook", "the policy as data")
    check = _command(playbook, "check", "find everything wrong with a playbook", do.playbook_check)
    check.add_argument("file", type=Path, metavar="FILE")
    explain = _command(playbook, "explain", "print what a playbook makes of a report", do.playbook_explain)
    explain.add_argument("file", type=Path, metavar="FILE")
    explain.add_argument("--case", type=Path, required=True, metavar="FACTS.json")

    verify = _command(every, "verify", "check the whole log, or one exported PDF without any server", do.verify)
    verify.add_argument("file", type=Path, nargs="?", metavar="FILE.pdf")

    export = _command(every, "export", "write a case as a PDF", do.export)
    export.add_argument("reference", metavar="REF")
    export.add_argument(
        "--audience", choices=["reporter", "subject", "line_manager", "digital_unit", "hr", "adviser"], required=True
    )
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    given = _command(every, "person-export", "write all that is held about somebody, as a ZIP", do.person_export)
    given.add_argument("email", metavar="EMAIL")
    given.add_argument("--out", type=Path, required=True, metavar="FILE.zip")
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
    if isinstance(wrong, do.Stop | BadSetting | PlaybookError):
        return [str(wrong)]
    if isinstance(wrong, OSError):
        return [f"{wrong.filename or 'The system says'}: {wrong.strerror or wrong}"]
    return []

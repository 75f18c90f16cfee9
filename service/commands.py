"""What each command does. It imports what it needs when it runs, so that asking for help is quick."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from service.core.database import Database
    from service.core.settings import Settings


class Stop(Exception):
    """Nothing can be done; the text is one line that says what to mend."""


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


def serve(asked: argparse.Namespace) -> int:
    from service.cases import playbook
    from service.cases.pinned import register
    from service.core.clock import now
    from service.web.serving import listen, serve
    from service.worker.run import start

    try:
        listening = listen(asked.host, asked.port)
    except OSError as wrong:
        raise Stop(f"Amends cannot listen at {asked.host}:{asked.port}: {wrong.strerror or wrong}") from wrong
    with listening:
        port = listening.getsockname()[1]
        # Where nobody says how people reach it, they reach it where it listens; every process of it reads the same.
        here = "127.0.0.1" if asked.host in ("0.0.0.0", "::", "") else asked.host  # noqa: S104 - not bound to, only named
        os.environ.setdefault("AMENDS_BASE_URL", _address(here, port))
        settings = _settings()
        database = _database(settings)
        playbook.load(Path(settings.playbook))
        with database.write() as db:
            register(db, Path(settings.playbook), now())
        end = None if asked.no_worker else start(database, settings, now)
        try:
            return serve(listening, _address(asked.host, port), asked.workers)
        finally:
            if end:
                end()
            database.close()


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def worker(_asked: argparse.Namespace) -> int:
    from service.core.clock import now
    from service.worker.run import work_until_signal

    settings = _settings()
    work_until_signal(_database(settings), settings, now)
    return 0


def migrate(_asked: argparse.Namespace) -> int:
    from migrations.schema import migrate

    print(f"The schema is at {migrate(_settings().database_url)}")
    return 0


def seed(asked: argparse.Namespace) -> int:
    settings = _settings()
    if not settings.demo:
        raise Stop("Demo data is made in demo mode only: set AMENDS_DEMO=1")
    from service.core.clock import now
    from service.demo.seed import seed

    database = _database(settings)
    print(seed(database, settings, at=now(), cases=asked.cases))
    return 0


def token(asked: argparse.Namespace) -> int:
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


def people_import(asked: argparse.Namespace) -> int:
    from service.core.clock import now
    from service.people.directory import find, import_csv
    from service.referrals.leaving import leave_rooms, rooms_of
    from service.routing.move_up import move_up

    content = asked.file.read_bytes()
    with _database(_settings()).write() as db:
        at = now()
        done = import_csv(db, content, at)
        leavers = [find(db, email) or _nobody(email) for email in done.left]
        rooms = rooms_of(db, leavers)
        for leaver in leavers:
            move_up(db, leaver, at=at)
            leave_rooms(db, rooms, leaver, at=at)
    counts = (("added", done.added), ("changed", done.changed), ("as before", done.same), ("left", done.left))
    print(", ".join(f"{len(emails)} {what}" for what, emails in counts))
    return 0


def people_set_role(asked: argparse.Namespace) -> int:
    from service.people.directory import set_role
    from service.records.enums import Role

    with _database(_settings()).write() as db:
        person = set_role(db, asked.email, Role(asked.role))
    print(f"{person.email} is {asked.role}")
    return 0


def people_password(asked: argparse.Namespace) -> int:
    from getpass import getpass

    from service.people.directory import end_access, find
    from service.people.passwords import set_password

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


def playbook_check(asked: argparse.Namespace) -> int:
    from service.cases.playbook import check

    faults = check(asked.file)
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{asked.file} can be used")
    return 1 if faults else 0


def playbook_explain(asked: argparse.Namespace) -> int:
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


def verify(asked: argparse.Namespace) -> int:
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


def export(asked: argparse.Namespace) -> int:
    from service.core.clock import now
    from service.core.errors import Refusal
    from service.core.storage import open_store
    from service.documents.pool import Pool
    from service.timeline.reads import log
    from service.web.summaries import bytes_of, case_named, paper

    settings = _settings()
    store = open_store(settings.evidence_url)
    database = _database(settings)
    with database.read() as db:
        case = case_named(db, asked.reference)
        if asked.audience == "subject" and case.disclosed_at is None:
            raise Refusal(f"Nothing of {case.reference} was disclosed to the person whose post it is")
        one = paper(db, store, case, asked.audience, made_by="Amends, from the command line", at=now())
    with Pool(workers=1) as pool:
        made = bytes_of(pool, store, one)
    log(db, None, case.id, "pdf", through="command", at=now(), detail=asked.audience)
    asked.out.write_bytes(made)
    print(f"{asked.out} holds {case.reference} for {asked.audience}")
    return 0


def person_export(asked: argparse.Namespace) -> int:
    from service.core.clock import now
    from service.core.storage import open_store
    from service.people.directory import find
    from service.referrals import their_copy
    from service.subject_access.gathering import gather
    from service.subject_access.packing import Packed, write_zip
    from service.subject_access.theirs import told_referrals_of
    from service.timeline.reads import log

    settings, at = _settings(), now()
    store, database = open_store(settings.evidence_url), _database(settings)
    with database.read() as db:
        person = find(db, asked.email) or _nobody(asked.email)
        log(db, None, None, "subject_access", through="command", at=at, detail=str(person.id))
        told = Packed("Made on the server", person.name, person.zone, at, at, reviewed=False)
        given = (item for item in gather(db, person, at) if item.withheld is None)
        parts = write_zip(asked.out, told, given, store)
        referrals = db.execute(told_referrals_of(person.id)).scalars().all()
    with database.write() as db:
        db.execute(their_copy.given(referrals, at))
    print(f"{asked.out} holds {parts} parts about {person.email}. Other people are out by rule: look it through first")
    return 0


def _count_up(done: int) -> None:
    print(f"{done:,} cases", end="\r", file=sys.stderr, flush=True)

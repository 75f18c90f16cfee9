"""What everything is measured against: bare Litestar routes on the same tables, with raw SQL and a plain template.

`python -m tests.bench.floors PORT` serves them in two processes; `BENCH_DATABASE` names the SQLite file.
"""

import os
import socket
import sys
from functools import cache

import pysqlite3.dbapi2 as sqlite
import uvicorn
from jinja2 import Environment
from litestar import Litestar, Request, get
from litestar.response import Response
from uvicorn.supervisors import Multiprocess

ROWS = Environment(autoescape=True).from_string(
    "<!doctype html><title>Queue</title><table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>"
    "{% endfor %}</tr>{% endfor %}</table>"
)
PARTS = Environment(autoescape=True).from_string(
    "<!doctype html><title>Case</title>{% for rows in parts %}<table>{% for row in rows %}<tr>{% for cell in row %}"
    "<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>{% endfor %}"
)
QUEUE = (
    "SELECT reference, kind, stage, severity, platform, posted_at, reported_at, next_due_at, holding_desk, guarded "
    "FROM case_file WHERE stage <> 'closed' ORDER BY severity_rank, next_due_at, id LIMIT 50"
)
SESSION = (
    "SELECT person.id, person.name FROM browser_session JOIN person ON person.id = browser_session.person_id "
    "WHERE key_hash = ?"
)
OF_CASE = (
    "SELECT * FROM step WHERE case_id = ?",
    "SELECT * FROM route WHERE case_id = ?",
    "SELECT * FROM advice WHERE case_id = ?",
    "SELECT * FROM message WHERE case_id = ?",
    "SELECT * FROM note WHERE case_id = ?",
    "SELECT * FROM referral_decision WHERE case_id = ?",
    "SELECT * FROM evidence WHERE case_id = ?",
    "SELECT e.*, v.fields FROM timeline_entry e JOIN timeline_values v USING (position) WHERE case_id = ?",
)
READ = "INSERT INTO read_entry (person_id, case_id, what, detail, through, at) VALUES (?, ?, 'case', '', 'page', ?)"


@cache
def database() -> sqlite.Connection:
    """One connection a process, as durable as the service's own."""
    connection = sqlite.connect(os.environ["BENCH_DATABASE"], isolation_level=None, timeout=30)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "mmap_size=268435456", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


@get("/queue", sync_to_thread=False)
def queue() -> Response[str]:
    """Fifty rows in a plain table."""
    return Response(ROWS.render(rows=database().execute(QUEUE).fetchall()), media_type="text/html")


@get("/case/{reference:str}", sync_to_thread=False)
def case(request: Request, reference: str) -> Response[str]:
    """A session looked up, one case's rows, and a durable line in the read log before they are shown."""
    db = database()
    person, _ = db.execute(SESSION, (request.headers["key"],)).fetchone()
    found = db.execute("SELECT * FROM case_file WHERE reference = ?", (reference,)).fetchall()
    parts = [found, *(db.execute(statement, (found[0][0],)).fetchall() for statement in OF_CASE)]
    db.execute("BEGIN IMMEDIATE")
    db.execute(READ, (person, found[0][0], "2026-01-01 00:00:00.000000"))
    db.execute("COMMIT")
    return Response(PARTS.render(parts=parts), media_type="text/html")


def create() -> Litestar:
    """The floors."""
    return Litestar([queue, case], openapi_config=None, logging_config=None)


def main(port: int) -> None:
    """Serve at a port in two processes, on a socket prepared as the service prepares its own."""
    listening = socket.create_server(("127.0.0.1", port), backlog=2048)
    listening.set_inheritable(True)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        "tests.bench.floors:create",
        factory=True,
        workers=2,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    Multiprocess(config, sockets=[listening]).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""The queue and the case page against their floors, and the queue at a hundred times the cases."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import httpx
import pytest
from sqlalchemy import text

from service.core.database import open_database
from tests.bench import crowded
from tests.bench.conftest import Place
from tests.bench.load import Measured, load
from tests.bench.running import Running, worked
from tests.bench.table import Table

pytestmark = pytest.mark.bench
ROUNDS = 5
SECONDS = 2.0
WARM = 1.5


@dataclass(frozen=True)
class Round(Measured):
    """One round, with how long processors worked for an answer, in milliseconds."""

    worked: float


def in_turn(*measure: Callable[[], Round]) -> list[list[Round]]:
    """Every measurement once a round, so that whatever else the machine does meets all of them alike."""
    return [list(found) for found in zip(*([each() for each in measure] for _ in range(ROUNDS)), strict=True)]


def middle(found: list[Round], what: str) -> float:
    """The middle round's figure."""
    return median(getattr(one, what) for one in found)


def compare(table: Table, what: str, found: list[Round], floor: list[Round], at_least: float, remark: str) -> None:
    """A page's lines: its throughput, and how much that is of its floor's, in the middle of the rounds' own ratios."""
    table.add(what, middle(found, "rate"), "pages/s", remark=remark)
    part = median(one.rate / bare.rate for one, bare in zip(found, floor, strict=True))
    ours, bare = middle(found, "worked"), middle(floor, "worked")
    remark = f"by processor time {bare / ours:.3g}: {ours:.2f} ms a page, the floor {bare:.2f} ms"
    table.add("… of the floor's throughput", part, at_least=at_least, remark=remark)


def pages(running: Running, path: str, headers: dict[str, str], connections: int = 8) -> Callable[[], Round]:
    """Measures one address for a while."""
    load(running.port, path, seconds=WARM, headers=headers, connections=connections)

    def measure() -> Round:
        before = worked(running.pid)
        found = load(running.port, path, seconds=SECONDS, headers=headers, connections=connections)
        return Round(**vars(found), worked=(worked(running.pid) - before) / found.answers * 1000)

    return measure


def case_with_entries(place: Place, entries: int) -> str:
    """A closed case with this many entries, all its steps taken."""
    database = open_database(f"sqlite:///{place.path}", pool=1)
    with database.read() as db:
        found = db.execute(
            text(
                "SELECT c.reference FROM case_file c JOIN step s ON s.case_id = c.id WHERE c.entries = :entries "
                "AND NOT c.guarded GROUP BY c.id HAVING sum(s.state = 'taken') >= 4 ORDER BY c.id LIMIT 1"
            ),
            {"entries": entries},
        ).scalar_one()
    database.close()
    return found


def test_the_queue(small: Place, table: Table):
    headers = small.signed_in("digital")
    rows = httpx.get(f"http://127.0.0.1:{small.amends.port}/queue", headers=headers).text.count('role="row" class="row')
    assert rows == 50
    floor, queue = in_turn(pages(small.floor, "/queue", {}), pages(small.amends, "/queue", headers))
    table.add("floor: 50 rows by raw SQL, bare route", middle(floor, "rate"), "pages/s")
    compare(table, "queue page, 50 rows, signed in", queue, floor, 1 / 6, "django-helpdesk 36, Roundup 95")


def test_the_queue_with_many_cases(small: Place, large: Place, table: Table):
    few, many = in_turn(
        *(pages(place.amends, "/queue", place.signed_in("digital"), connections=1) for place in (small, large))
    )
    table.add(f"queue, one reader: median at {crowded.FEW:,} cases", middle(few, "median"), "ms")
    table.add(f"queue, one reader: median at {crowded.MANY:,} cases", middle(many, "median"), "ms")
    grown = median(one.median / other.median for one, other in zip(many, few, strict=True))
    table.add("… grows", grown, "×", at_most=1.25)


def test_the_case_page(small: Place, table: Table):
    headers, reference = small.signed_in("digital"), case_with_entries(small, 12)
    floor, page = in_turn(
        pages(small.floor, f"/case/{reference}", headers),
        pages(small.amends, f"/cases/{reference}", headers),
    )
    table.add("floor: session, rows, durable read-log line", middle(floor, "rate"), "pages/s")
    compare(table, "case page, 12 entries", page, floor, 1 / 4, "Roundup 78")

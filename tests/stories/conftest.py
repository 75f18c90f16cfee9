"""What has to hold after every story; and the worker, who does between deeds what is due."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from litestar import Litestar
from sqlalchemy import select
from sqlmodel import col

from service.cases.clocks import keep_next_due
from service.core.database import Database
from service.core.settings import Settings
from service.records.cases import Case
from service.records.referrals import Referral
from service.records.timeline import TimelineEntry
from service.referrals.clocks import keep_next_due as keep_what_hr_owes
from tests.conftest import SteppedClock
from tests.makers import do_what_is_due

LATEST = 20


@pytest.fixture(autouse=True)
def clocks_stand_right(request: pytest.FixtureRequest) -> Iterator[None]:
    """What is due next, and when the worker has something to do, are what the rows come to.

    A deed that forgets `keep_next_due` leaves a case, or a referral, that sorts wrongly, or of which nobody is ever
    reminded.
    """
    app: Litestar | None = request.getfixturevalue("app") if "app" in request.fixturenames else None
    yield
    if app is None:
        return
    database: Database = app.state.house.database
    with database.write() as db:
        # Some tests copy bare rows by the thousand; every case that was reported has entries.
        reported = select(Case).where(col(Case.id).in_(select(col(TimelineEntry.case_id))))
        for case in db.execute(reported.order_by(col(Case.id).desc()).limit(LATEST)).scalars():
            kept = (case.next_due_at, case.next_due_what, case.ripe_at)
            keep_next_due(db, case)
            assert (case.next_due_at, case.next_due_what, case.ripe_at) == kept, case.reference
        received = select(Referral).where(col(Referral.id).in_(select(col(TimelineEntry.referral_id))))
        received = received.where(col(Referral.disposed_at).is_(None))
        for referral in db.execute(received.order_by(col(Referral.id).desc()).limit(LATEST)).scalars():
            kept = (referral.next_due_at, referral.next_due_what, referral.ripe_at)
            keep_what_hr_owes(db, referral)
            assert (referral.next_due_at, referral.next_due_what, referral.ripe_at) == kept, referral.reference
    database.close()


@pytest.fixture
def worker(database: Database, settings: Settings, clock: SteppedClock) -> Callable[[], None]:
    """Lets the worker do everything that is due."""
    return partial(do_what_is_due, database, settings, clock)


@pytest.fixture
def worked(worker: Callable[[], None], clock: SteppedClock) -> Callable[..., None]:
    """The same some minutes later, when what was asked for is due."""

    def later(after: timedelta = timedelta(minutes=5)) -> None:
        clock.moment += after
        worker()

    return later

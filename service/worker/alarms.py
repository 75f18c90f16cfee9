"""Rings the clocks of cases as they fall due."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import col

from service.core.database import Database
from service.records.cases import Case
from service.records.referrals import Referral
from service.referrals.clocks import is_ripe
from service.referrals.clocks import ring_ripe as ring_ripe_referrals
from service.routing.alarms import TOGETHER, ring_ripe
from service.worker.away import AWAY

PUT_OFF = timedelta(minutes=5)

log = logging.getLogger("amends.worker")


def ring_due(database: Database, at: datetime) -> bool:
    """Ring what is to ring by now in one batch of cases; returns whether there was any.

    A case that cannot be rung is put off by five minutes, and holds up no other. Raises what a database that is away
    raises.
    """
    ripe = select(col(Case.id)).where(col(Case.ripe_at) <= at).limit(1)
    with database.read() as db:
        # A worker with nothing to do takes no lock from those who write.
        if db.execute(ripe).first() is None:
            return False
    try:
        with database.write() as db:
            return ring_ripe(db, at) > 0
    except AWAY:
        raise
    except Exception:  # noqa: BLE001 - one case of the batch; each is tried by itself, and that one says why
        return _one_by_one(database, at)


def ring_referrals(database: Database, at: datetime) -> bool:
    """The same for referrals; returns whether there was any."""
    with database.read() as db:
        if not is_ripe(db, at):
            return False
    try:
        with database.write() as db:
            return ring_ripe_referrals(db, at) > 0
    except AWAY:
        raise
    except Exception:  # noqa: BLE001 - as with cases: one of the batch; each is tried by itself
        return _referrals_one_by_one(database, at)


def _referrals_one_by_one(database: Database, at: datetime) -> bool:
    with database.read() as db:
        ids = list(db.execute(select(col(Referral.id)).where(col(Referral.ripe_at) <= at).limit(TOGETHER)).scalars())
    for referral_id in ids:
        try:
            with database.write() as db:
                ring_ripe_referrals(db, at, only=referral_id)
        except AWAY:
            raise
        except Exception as wrong:  # noqa: BLE001 - whatever one brings up, the others are rung
            log.warning("a referral cannot be rung and is put off: %s", type(wrong).__name__)
            with database.write() as db:
                mine = (col(Referral.id) == referral_id, col(Referral.ripe_at) <= at)
                later = update(Referral).where(*mine).values(ripe_at=at + PUT_OFF)
                db.execute(later, execution_options={"synchronize_session": False})
    return bool(ids)


def _one_by_one(database: Database, at: datetime) -> bool:
    with database.read() as db:
        ripe = select(col(Case.id)).where(col(Case.ripe_at) <= at).order_by(col(Case.ripe_at)).limit(TOGETHER)
        ids = list(db.execute(ripe).scalars())
    for case_id in ids:
        try:
            with database.write() as db:
                ring_ripe(db, at, only=case_id)
        except AWAY:
            raise
        except Exception as wrong:  # noqa: BLE001 - whatever one case brings up, the others are rung
            log.warning("a case cannot be rung and is put off: %s", type(wrong).__name__)
            with database.write() as db:
                later = (
                    update(Case).where(col(Case.id) == case_id, col(Case.ripe_at) <= at).values(ripe_at=at + PUT_OFF)
                )
                db.execute(later, execution_options={"synchronize_session": False})
    return bool(ids)

"""What was gathered of a case or a referral for somebody who asked for what is held about them, when something of it is
destroyed.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Update, delete, insert, select, update
from sqlmodel import Session, col

from service.records.enums import AccessStage
from service.records.subject_access import AccessItem, AccessRedaction, AccessRequest
from service.records.timeline import Outbox
from service.timeline import outbox

STANDS = frozenset(AccessStage) - {AccessStage.DELETED}
UNANSWERED = (AccessStage.GATHERING, AccessStage.REVIEW, AccessStage.PACKING)
"""The stages before what was asked for can be fetched."""


def forget_words(request: AccessRequest) -> Update:
    """Keep no longer what the words said that were taken out of a request: when, how often and why stays."""
    return update(AccessRedaction).where(col(AccessRedaction.request_id) == request.id).values(words=None)


def gather_again(db: Session, of: ColumnElement[bool], at: datetime, stages: Collection[AccessStage] = STANDS) -> None:
    """Let every request that has an item `of` this, and stands at one of these stages, be gathered, looked through and
    released anew; a file of it goes.

    What was taken out of it before is to be taken out again: the words that it was found by may be gone.
    """
    mine = select(AccessItem.request_id).where(of)
    asked = select(AccessRequest).where(col(AccessRequest.id).in_(mine), col(AccessRequest.stage).in_(stages))
    for request in db.execute(asked.with_for_update()).scalars().all():
        db.execute(delete(AccessItem).where(col(AccessItem.request_id) == request.id))
        db.execute(forget_words(request))
        if request.stage == AccessStage.GATHERING:
            # Whoever gathers it just now notices, and begins anew.
            continue
        request.stage = AccessStage.GATHERING
        request.gathered_at = request.released_at = request.released_by_id = request.looked_through = None
        request.ready_at = request.file_key = request.file_size = request.delete_at = None
        again = outbox.to_do(outbox.GATHER, request.reference, at, request=request.id)
        gone = outbox.to_do("destroy", request.reference, at, evidence=[], prefix=f"access/{request.id}")
        db.execute(insert(Outbox), [again, gone])

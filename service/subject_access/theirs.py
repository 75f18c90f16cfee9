"""Of which cases and referrals something is held about somebody, who may be a column of a request."""

from typing import Any

from sqlalchemy import Select, select, union
from sqlmodel import col

from service.records.cases import Case, Confidence, Step
from service.records.enums import Kind
from service.records.referrals import Referral
from service.records.subject_access import AccessRequest


def cases_of(person_id: Any) -> Select[Any]:
    """The numbers of all cases that somebody has a part in, or has done something in."""
    return _any_of(*_in_hand(person_id), _cases().where(col(Case.subject_id) == person_id))


def read_cases_of(person_id: Any) -> Select[Any]:
    """The numbers of those that they read themselves: how many there are tells of no concern that is kept from them."""
    disclosed = (col(Case.kind) == Kind.CONCERN, col(Case.disclosed_at).is_not(None))
    return _any_of(*_in_hand(person_id), _cases().where(col(Case.subject_id) == person_id, *disclosed))


def _in_hand(person_id: Any) -> tuple[Select[Any], ...]:
    return (
        _cases().where(col(Case.reporter_id) == person_id),
        select(col(Confidence.case_id)).where(col(Confidence.person_id) == person_id, col(Confidence.raised)),
        select(col(Step.case_id)).where(col(Step.asked_of_id) == person_id),
    )


def _cases() -> Select[Any]:
    return select(col(Case.id))


def _any_of(*each: Select[Any]) -> Select[Any]:
    # What is asked for of a request is asked of its row, whatever else the statement reads.
    inner = union(*(one.correlate(AccessRequest) for one in each))
    return _cases().where(col(Case.id).in_(inner), col(Case.disposed_at).is_(None)).correlate(AccessRequest)


def referrals_of(person_id: Any) -> Select[Any]:
    """The numbers of the referrals that are about somebody."""
    mine = (col(Referral.subject_id) == person_id, col(Referral.disposed_at).is_(None))
    return select(col(Referral.id)).where(*mine).correlate(AccessRequest)


def told_referrals_of(person_id: Any) -> Select[Any]:
    """The numbers of those that they were told of."""
    return referrals_of(person_id).where(col(Referral.informed_at).is_not(None))

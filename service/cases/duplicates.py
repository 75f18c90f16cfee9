"""Cases that look like one: found by their keys, for the desk that holds a case and for whoever reported both."""

from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, false, literal, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.cases import policy
from service.cases.queries import Found
from service.cases.relations import ME, Desks, Relation, Roles
from service.cases.sentences import title
from service.core.database import written_out
from service.people.identity import Me
from service.records.cases import Case
from service.records.enums import Likeness, Stage
from service.records.evidence import Evidence

WITHIN = timedelta(hours=24)
"""How far apart two reports of one account still look like one."""
MOST = 10
"""Cases shown, those with the most in common first."""
STRONGEST: dict[str, int] = {likeness: place for place, likeness in enumerate(Likeness)}
Mine = aliased(Evidence)


def alike(db: Session, me: Me, here: Found) -> dict[str, Any]:
    """What the view of a case gains: `duplicates`, `also_reported_in` and `said_same_as` for the desk that holds it,
    `reported_before` and `said_same_as` for its reporter; nothing for anybody else.

    Only cases that this person sees are looked at, so that neither a list nor its length tells of another.
    """
    desks = frozenset(me.desks)
    if Relation.HOLDER in here.held:
        asked = {"me": me.id, "case": here.case.id, "said": here.case.said_same_as or ""}
        named = db.connection().execute(_named(desks, me.roles), asked).all()
        return {
            "duplicates": _found(db, me, here.case, _at_desk(desks, me.roles)),
            "also_reported_in": [other.reference for other in named if other.merged],
            "said_same_as": next((other.reference for other in named if other.said), None),
        }
    if Relation.REPORTER in here.held:
        before = _found(db, me, here.case, _my_own()) if here.case.stage != Stage.CLOSED else []
        shown = ("reference", "because", "reported_at")
        return {
            "reported_before": [{name: one[name] for name in shown} for one in before],
            "said_same_as": here.case.said_same_as,
        }
    return {}


def _found(db: Session, me: Me, case: Case, statement: Select[Any]) -> list[dict[str, Any]]:
    keys = {"link": case.link_key, "text": case.text_key, "account": case.account_key}
    near = {"after": case.reported_at - WITHIN, "before": case.reported_at + WITHIN}
    known = {"me": me.id, "case": case.id, "original": case.duplicate_of_id or 0}
    rows: dict[int, Any] = {}
    because: dict[int, list[str]] = {}
    for row in db.connection().execute(statement, keys | near | known):
        rows[row.id] = row
        because.setdefault(row.id, []).append(row.because)
    for likenesses in because.values():
        likenesses.sort(key=STRONGEST.__getitem__)
    in_order = sorted(rows, key=lambda which: (STRONGEST[because[which][0]], -which))
    return [
        {
            "reference": (row := rows[which]).reference,
            "because": because[which],
            "stage": row.stage,
            "reported_at": row.reported_at,
            "title": title(row.kind, row.codes, row.account_type, row.platform),
            "may_merge": bool(row.held) and row.stage != Stage.CLOSED and case.stage != Stage.CLOSED,
            "earlier": which < case.id,
            "guarded": row.guarded,
        }
        for which in in_order[:MOST]
    ]


@lru_cache(maxsize=256)
def _at_desk(desks: Desks, roles: Roles) -> Select[Any]:
    """What a desk reads of other cases: those that it holds, or that were sent to the digital unit."""
    by = dict(policy.relations(policy.reader(desks, roles)))
    holds = by.get(Relation.HOLDER, false())
    return _alike(or_(holds, by.get(Relation.DIGITAL_UNIT, false())), held=holds)


@lru_cache(maxsize=1)
def _my_own() -> Select[Any]:
    """The open cases that a reporter told before this one."""
    earlier = (col(Case.reporter_id) == ME, col(Case.stage) != Stage.CLOSED, col(Case.id) < bindparam("case"))
    return _alike(*earlier, held=false())


def _alike(*seen: ColumnElement[bool], held: ColumnElement[bool]) -> Select[Any]:
    """Needs `me`, `case`, `original`, each key, and `after` and `before` for the account."""
    branches = []
    for what, same in _same().items():
        branch = (
            select(
                Case.id,
                Case.reference,
                Case.stage,
                Case.reported_at,
                Case.kind,
                Case.codes,
                Case.account_type,
                Case.platform,
                Case.guarded,
                held.label("held"),
                literal(what.value).label("because"),
            )
            # Whom it is for is asked in each branch, before it is cut short: a case that is not theirs takes no room.
            .where(same, *seen, col(Case.id) != bindparam("case"), _not_one_already())
            .order_by(col(Case.reported_at if what is Likeness.ACCOUNT else Case.id).desc())
            .limit(2 * MOST)
            .subquery()
        )
        branches.append(select(branch))
    return written_out(select(union_all(*branches).subquery()))


def _same() -> dict[Likeness, ColumnElement[bool]]:
    near = col(Case.reported_at).between(
        bindparam("after", type_=_type(Case.reported_at)), bindparam("before", type_=_type(Case.reported_at))
    )
    mine = select(col(Mine.sha256)).where(col(Mine.case_id) == bindparam("case"), col(Mine.destroyed_at).is_(None))
    # Those of the HR room have no case.
    file = select(col(Evidence.case_id)).where(
        col(Evidence.sha256).in_(mine), col(Evidence.destroyed_at).is_(None), col(Evidence.case_id).is_not(None)
    )
    return {
        Likeness.LINK: col(Case.link_key) == bindparam("link"),
        Likeness.TEXT: col(Case.text_key) == bindparam("text"),
        Likeness.FILE: col(Case.id).in_(file),
        Likeness.ACCOUNT: (col(Case.account_key) == bindparam("account")) & near,
    }


def _not_one_already() -> ColumnElement[bool]:
    """What was merged with this case is shown as such, and not offered again."""
    return col(Case.duplicate_of_id).is_distinct_from(bindparam("case")) & (col(Case.id) != bindparam("original"))


def _type(column: Any) -> Any:
    return column.type


@lru_cache(maxsize=256)
def _named(desks: Desks, roles: Roles) -> Select[Any]:
    """What was merged into a case, and what its reporter says is the same, as far as it is seen.

    Needs `me`, `case` and `said`.
    """
    merged = col(Case.duplicate_of_id).is_not_distinct_from(bindparam("case", type_=_type(Case.id)))
    said = col(Case.reference) == bindparam("said")
    return written_out(
        select(Case.reference, merged.label("merged"), said.label("said"))
        .where(or_(col(Case.duplicate_of_id) == bindparam("case"), said), policy.sees(policy.reader(desks, roles)))
        .order_by(col(Case.id))
    )

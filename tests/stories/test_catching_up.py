"""What somebody hears of when more has changed than is told case by case."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from service.people.identity import still_there
from service.records.people import ApiToken, Person
from service.web.live import Listener
from tests.makers import people, report


@pytest.mark.parametrize(("most", "everything"), [(2, True), (3, False)])
def test_whose_case_is_among_very_many_is_told_to_look_again(
    app, token, database, clock, monkeypatch, most, everything
):
    """The latest changes are other people's; the reporter of the first must not be left with an old page."""
    monkeypatch.setattr("service.cases.news.MOST_CASES", most)
    staff, colleague = people(token, "staff colleague")
    first = report(colleague)
    for _ in range(2):
        report(staff)
    live = app.state.live
    live.position = 0
    with database.read() as db:
        theirs = select(ApiToken.key_hash).join(Person, col(Person.id) == col(ApiToken.person_id))
        key = db.execute(theirs.where(col(Person.email) == "colleague@demo.example")).scalars().first()
        listener = Listener(still_there(db, [key], clock())[key], key, begun=True)
    live._tell(live._look({key: listener.me}, recheck=False), [listener])
    assert listener.everything is everything
    assert (first["reference"] in listener.changed) is not everything
    assert listener.wake.is_set()

"""A suspension that ended is over: the next begins by itself, and a pause takes nothing of it that it did not have."""

from datetime import datetime

from tests.makers import faults, room
from tests.stories.test_picture import lines
from tests.stories.test_room import begin, moment


def test_a_pause_makes_its_review_later_by_as_long_as_both_lasted(token, clock, database):
    reference, hr, *_ = begin(token)
    room(hr, reference, "pause", reason="They are ill.")
    clock.forward(days=20)
    hr = token("hr")
    before = room(hr, reference, "suspend", reason="To calm down.", review_at=moment(clock, days=10))
    clock.forward(days=1)
    hr = token("hr")
    after = room(hr, reference, "resume")
    assert before["suspension"]["review_at"][:10] == "2026-12-20"
    assert after["suspension"]["review_at"][:10] == "2026-12-21"
    assert faults(database) == []


def test_the_next_is_not_a_review_of_the_one_before(token, clock, sign_in, database):
    reference, hr, *_ = begin(token)
    first = room(hr, reference, "suspend", reason="To calm down.", review_at=moment(clock, days=3))
    clock.forward(days=2)
    hr = token("hr")
    again = room(hr, reference, "suspend", reason="Still.", review_at=moment(clock, days=3))
    assert (again["suspension"]["since"], again["suspension"]["reviews"]) == (first["suspension"]["since"], 1)
    room(hr, reference, "end-suspension")
    clock.forward(days=30)
    hr, began = token("hr"), clock()
    anew = room(hr, reference, "suspend", reason="Something new came up.", review_at=moment(clock, days=3))
    assert datetime.fromisoformat(anew["suspension"]["since"]) == began
    assert anew["suspension"]["reviews"] == 0
    assert lines(sign_in("hr").get(f"/referrals/{reference}/life").text)["Suspended, on full pay"] == 2
    assert faults(database) == []

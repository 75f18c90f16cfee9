"""A suspension that ended is over: the next begins by itself, and a pause takes nothing of it that it did not have."""

from datetime import datetime, timedelta

from tests.makers import faults, refuses, room
from tests.stories.test_picture import lines
from tests.stories.test_room import begin as take_up
from tests.stories.test_room import moment


def begin(token):
    """A referral of which the person is told, so that they can be suspended."""
    reference, hr, hr2, *others = take_up(token)
    room(hr2, reference, "inform-subject", text="This is what is alleged.")
    return reference, hr, hr2, *others


def test_nobody_is_suspended_who_is_told_of_nothing_yet(token, clock, sign_in, database):
    reference, hr, hr2, *_ = take_up(token)
    calm = {"reason": "To keep everybody calm.", "review_at": moment(clock, days=3)}
    assert "suspend" not in hr.get(f"/api/referrals/{reference}").json()["may"]
    too_late = {**calm, "review_at": moment(clock, days=30)}
    assert refuses(hr, reference, "suspend", **too_late) == (422, {"review_at"})
    assert refuses(hr, reference, "suspend", **calm) == (409, {"informed"})
    page = sign_in("hr")
    page.get(f"/referrals/{reference}")
    sent = {"reason": "To keep everybody calm.", "review_at": f"{clock() + timedelta(days=3):%Y-%m-%dT%H:%M}"}
    refused = page.fill_in(f"/referrals/{reference}/suspend", sent)
    assert (refused.status_code, "Inform the person first" in refused.text) == (409, True)
    assert "To keep everybody calm." in refused.text
    room(hr2, reference, "inform-subject", text="This is what is alleged.")
    assert "suspend" in hr.get(f"/api/referrals/{reference}").json()["may"]
    room(hr, reference, "suspend", **calm)
    told = sign_in("staff").get(f"/referrals/{reference}").text
    assert "You are suspended on full pay" in told
    assert "To keep everybody calm." in told
    assert faults(database) == []


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

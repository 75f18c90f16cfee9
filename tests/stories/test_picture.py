"""The whole life of a referral on one page, drawn to one scale of time."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.referrals.picture import WIDE, picture
from tests.makers import DEMO, people, referred, room
from tests.stories.test_letters import send
from tests.stories.test_room import begin, decide, find_facts, moment

MOMENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NOTHING = dict.fromkeys(
    "returned accepted_at fact_finding_at informal hearing decision appeal closed_at suspension informed appeal_hearing"
    " warning".split()
) | {"findings": [], "papers": [], "appointments": [], "letters": []}


def lines(page):
    """What each line says and how many bars it has."""
    rows = re.findall(r'<tr class="picture__line.*?</tr>', page, re.DOTALL)
    return {re.search(r"<th[^>]*>(.*?)</th>", row)[1]: row.count("picture__bar") for row in rows}


def test_every_part_of_its_life_has_a_line(token, sign_in, clock):
    reference, hr, *_ = decide(clock, token, "first_written_warning")
    room(hr, reference, "pause", reason="They are ill.")
    clock.forward(days=2)
    room(hr, reference, "resume")
    page = sign_in("hr").get(f"/referrals/{reference}/life")
    assert page.status_code == 200
    assert lines(page.text) == {
        "Received": 1,
        "Accepted": 1,
        "Finding the facts": 1,
        "Called to a hearing": 1,
        "Decided": 1,
        "Paused": 1,
        "Investigator: HR caseworker": 1,
        "Decision-maker: Head of department": 1,
        "The person was told in writing": 1,
        "Findings": 2,
        "The hearing itself": 1,
        "Decision": 1,
        "Time for an appeal": 1,
        "The warning is live": 1,
    }
    assert "to Sunday 23 May 2027" in page.text
    assert f'href="/referrals/{reference}/life"' in sign_in("hr").get(f"/referrals/{reference}").text


def test_whoever_is_invited_anew_was_called_to_a_hearing_since_the_first_time(token, sign_in, clock):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    told = {"place": "Room 4", "text": "Please come."}
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **told)
    since = clock()
    clock.forward(days=30)
    (hr2,) = people(token, "hr2")
    again = room(hr2, reference, "invite", hearing_at=moment(clock, days=3), **told)["hearing"]
    known = [datetime.fromisoformat(again[name]) for name in ("first_invited_at", "invited_at")]
    assert known == [since, clock()]
    drawn = sign_in("hr").get(f"/referrals/{reference}/life").text
    assert f"{since:%-d %B}" in re.search(r">Called to a hearing<.*?</tr>", drawn, re.DOTALL)[0]
    # Where it says *Hearing*, it is the day of the hearing.
    assert f"{clock() + timedelta(days=3):%-d %B}" in stage_of_hearing(sign_in, reference)


def stage_of_hearing(sign_in, reference):
    """What the line at the top of the referral says of its hearing."""
    return re.search(r">Hearing<.*?</li>", sign_in("hr").get(f"/referrals/{reference}").text, re.DOTALL)[0]


def test_a_hearing_is_dated_by_when_it_was_held_and_letters_and_postponements_are_drawn(token, sign_in, clock):
    reference, _, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    send(hr2, reference, "informing")
    send(hr2, reference, "invitation")
    room(hr2, reference, "postpone", hearing_at=moment(clock, days=5), reason="The companion is away.")
    clock.forward(days=6)
    (head,) = people(token, "head")
    held = clock() - timedelta(hours=2)
    room(head, reference, "hear", held_at=held.isoformat(), present=["Us"], notes="Heard.")
    assert f"{held:%-d %B}" in stage_of_hearing(sign_in, reference)
    drawn = lines(sign_in("hr").get(f"/referrals/{reference}/life").text)
    assert (drawn["Letters to the person"], drawn["Hearing moved"], drawn["The hearing itself"]) == (2, 1, 1)


def test_a_hearing_that_does_not_take_place_is_not_drawn(token, sign_in, clock):
    reference, hr, hr2, *_ = begin(token)
    find_facts(hr2, reference)
    room(hr2, reference, "invite", hearing_at=moment(clock, days=3), place="Room 4", text="Please come.")
    room(hr, reference, "conflict", person=f"hr2{DEMO}", reason="A cousin.")
    assert "The hearing itself" not in lines(sign_in("hr").get(f"/referrals/{reference}/life").text)
    assert "life__date" not in stage_of_hearing(sign_in, reference)


def test_it_is_for_those_in_the_room(token, sign_in, clock):
    reference, *_ = decide(clock, token)
    for who in ("hr2", "head"):
        assert sign_in(who).get(f"/referrals/{reference}/life").status_code == 200
    for who in ("staff", "hr3", "digital", "manager", "auditor"):
        assert sign_in(who).get(f"/referrals/{reference}/life").status_code == 404, who


def test_a_referral_that_has_just_come(token, sign_in):
    reference = referred(token)
    (hr,) = people(token, "hr")
    assert lines(sign_in("hr").get(f"/referrals/{reference}/life").text) == {"Received": 1}
    room(hr, reference, "return", reason="Say more.")
    assert lines(sign_in("hr").get(f"/referrals/{reference}/life").text) == {"Received": 1, "Sent back": 1}


@given(
    st.lists(st.integers(0, 600), min_size=3, max_size=12).map(sorted),
    st.integers(0, 900),
    st.booleans(),
)
def test_every_bar_lies_on_the_scale(days, now, ended):
    moments = [MOMENT + timedelta(days=each) for each in days]
    view = NOTHING | {
        "received_at": MOMENT,
        "accepted_at": moments[0],
        "fact_finding_at": moments[1],
        "findings": [{"at": each} for each in moments],
        "decision": {"decided_at": moments[-1], "appeal_by": None, "warning_until": moments[-1] + timedelta(days=365)},
        "closed_at": moments[-1] if ended else None,
    }
    drawn = picture(view, [{"kind": "room_paused", "at": moments[0]}], MOMENT + timedelta(days=max(now, days[-1])))
    for line, bars in drawn.lines:
        assert len(bars) == len(line.spans)
        for bar in bars:
            assert bar.width > 0
            assert bar.x >= 0
            assert bar.x + bar.width <= WIDE
    assert (drawn.now is None) is ended

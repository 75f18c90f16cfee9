"""The whole life of a referral on one page, drawn to one scale of time."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.referrals.picture import WIDE, picture
from tests.makers import people, referred, room
from tests.stories.test_room import begin, decide, find_facts, moment

MOMENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NOTHING = dict.fromkeys(
    "returned accepted_at fact_finding_at informal hearing decision appeal closed_at suspension informed appeal_hearing"
    " warning".split()
) | {"findings": [], "papers": [], "appointments": []}


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
        "Hearing": 1,
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
    for page in ("", "/life"):
        said = sign_in("hr").get(f"/referrals/{reference}{page}").text
        line = re.search(r"(?:>Hearing<).*?</(?:li|tr)>", said, re.DOTALL)[0]
        assert f"{since:%-d %B}" in line, page


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

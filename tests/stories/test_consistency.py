"""Whoever decides sees how similar referrals of other people ended, and never so few that they say who."""

from service.records.enums import Outcome
from tests.makers import room
from tests.stories.test_room import begin, decide, find_facts, hear

SHOWN = "How similar referrals ended"


def heard(clock, token, **facts):
    """A referral whose hearing was held, ready to be decided."""
    reference, _, hr2, head, _ = begin(token, **facts)
    find_facts(hr2, reference)
    hear(clock, reference, hr2, head)
    return reference


def consistency(who, reference):
    return who.get(f"/api/referrals/{reference}").json().get("consistency", "absent")


def test_like_cases_are_shown_once_there_are_five_of_other_people(token, sign_in, clock):
    ended = [
        *(decide(clock, token, each, by="colleague")[0] for each in ("no_case", "first_written_warning")),
        decide(clock, token, "first_written_warning", by="outsider")[0],
        decide(clock, token, "informal_advice", by="digital2")[0],
    ]
    # Of the same person, and of another rule: neither counts.
    decide(clock, token, "dismissal")
    decide(clock, token, "dismissal", by="colleague", codes=["code_or_terms_breach"])
    reference = heard(clock, token)
    head = token("head")
    assert consistency(head, reference) is None
    page = sign_in("head").get(f"/referrals/{reference}").text
    assert SHOWN in page
    assert "fewer than five" in page

    decide(clock, token, "first_written_warning", by="outsider")
    head, hr, hr2 = token("head"), token("hr"), token("hr2")
    assert consistency(head, reference) == {
        "number": 5,
        "self_reported": 5,
        "outcomes": [
            {"outcome": "no_case", "number": 1},
            {"outcome": "informal_advice", "number": 1},
            {"outcome": "first_written_warning", "number": 3},
        ],
    }
    assert consistency(hr, reference) == consistency(hr2, reference) == "absent"
    page = sign_in("head").get(f"/referrals/{reference}").text
    assert "5 referrals of other people" in page
    for other in ended:
        assert other not in page

    room(head, reference, "consider", text="None.")
    room(head, reference, "decide", outcome=Outcome.FIRST_WRITTEN_WARNING, reason="As in others like it.")
    assert consistency(head, reference) == "absent"

"""HR's queue: by stage, what is due first at the top, and who is appointed."""

from datetime import timedelta

import pytest

from tests.makers import fields, people, referred, room


def listed(who, query=""):
    answer = who.get(f"/api/referrals{query}")
    assert answer.status_code == 200, answer.text
    return [row["reference"] for row in answer.json()["items"]]


def in_order(page, references):
    """The references as they stand on a page."""
    return sorted((each for each in references if each in page), key=page.index)


def test_by_stage_and_by_who_is_appointed(token, sign_in, clock):
    hr, hr2, hr3 = people(token, "hr hr2 hr3")
    first = referred(token)
    second, third = referred(token, "colleague"), referred(token)
    room(hr, first, "accept")
    room(hr, first, "appoint", investigator="hr2@demo.example", decision_maker="head@demo.example")
    room(hr, third, "return", reason="Say whose post it is.")
    assert listed(hr) == [third, second, first]
    assert listed(hr, "?stage=fact_finding") == [first]
    assert listed(hr, "?stage=received") == [second]
    assert listed(hr, "?appointed=HR2@demo.example") == [first] == listed(hr2, "?appointed=me")
    assert listed(hr, "?appointed=none&stage=received") == [second]
    assert listed(hr, "?appointed=nobody@demo.example") == [] == listed(hr3, "?appointed=none")
    row = hr.get("/api/referrals?stage=fact_finding").json()["items"][0]
    appointed = hr.get(f"/api/referrals/{first}").json()["people"]
    assert row["people"] == appointed
    assert appointed["investigator"] == "hr2@demo.example"

    page = sign_in("hr").get("/referrals").text
    assert in_order(page, [first, second, third]) == [second, first]
    for words in ("Received (1)", "Finding the facts (1)", "Sent back (1)", "Investigator: <bdi>HR caseworker</bdi>"):
        assert words in page
    assert in_order(sign_in("hr").get("/referrals?stage=returned").text, [first, second, third]) == [third]
    assert in_order(sign_in("hr").get("/referrals?stage=all&appointed=none").text, [first, second]) == [second]


def test_what_is_due_first_stands_first_and_late_is_said(token, sign_in, clock):
    hr = token("hr")
    first = referred(token)
    clock.forward(hours=2)
    second = referred(token)
    room(hr, first, "accept")
    room(hr, first, "appoint", investigator="hr2@demo.example")
    room(token("hr2"), first, "inform-subject", text="This is what is alleged.")
    suspended = clock() + timedelta(days=3)
    room(hr, first, "suspend", reason="Others are at risk.", review_at=suspended.isoformat())
    by_deadline = sorted((first, second), key=lambda each: due(hr, each))
    assert listed(hr, "?order=nearest") == by_deadline
    assert listed(hr, "?overdue=true") == []
    clock.forward(days=30)
    assert set(listed(hr, "?overdue=true")) == {first, second}
    assert all(row["late"] for row in hr.get("/api/referrals").json()["items"])
    page = sign_in("hr").get("/referrals?overdue=true").text
    assert page.count('<strong class="due due--late">Late:</strong>') == 2
    room(hr, first, "pause", reason="They are ill.")
    assert listed(hr, "?overdue=true") == [second]
    assert ", paused" in sign_in("hr").get("/referrals").text


def due(who, reference):
    return who.get(f"/api/referrals/{reference}").json()["due"]["at"]


def test_pages_of_the_queue_go_on_where_they_ended(token, sign_in, clock):
    hr = token("hr")
    made = []
    for _ in range(5):
        made.append(referred(token))
        clock.forward(minutes=1)
    room(hr, made[0], "return", reason="Say more.")
    for order, wanted in (("newest", made[::-1]), ("nearest", [*made[1:], made[0]])):
        seen, after = [], ""
        while after is not None:
            answer = hr.get(f"/api/referrals?order={order}&limit=2{after}").json()
            seen += [row["reference"] for row in answer["items"]]
            after = answer["next"] and f"&cursor={answer['next']}"
        assert seen == wanted, order
    of_the_other = hr.get("/api/referrals?order=nearest&limit=2").json()["next"]
    assert fields(hr.get(f"/api/referrals?cursor={of_the_other}")) == {"cursor"}


def test_the_person_it_is_about_reads_no_more_than_its_stage(token, sign_in, clock):
    hr, staff = people(token, "hr staff")
    about = referred(token)
    room(hr, about, "accept")
    room(hr, about, "appoint", investigator="hr2@demo.example")
    assert staff.get("/api/referrals").status_code == 403
    hr2 = token("hr2")
    room(hr2, about, "inform-subject", text="You are told what is alleged.")
    assert set(staff.get("/api/referrals?order=nearest").json()["items"][0]) == {"reference", "stage", "version"}
    assert listed(staff, "?stage=fact_finding") == [about]
    clock.forward(days=60)
    for query in ("?appointed=hr2@demo.example", "?appointed=none", "?overdue=true"):
        assert listed(staff, query) == []
    page = sign_in("staff").get("/referrals").text
    assert "Told to you" in page
    assert "Investigator" not in page


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("?stage=open", "stage"),
        ("?overdue=yes", "overdue"),
        ("?who=me", "who"),
        (f"?appointed={'x' * 400}", "appointed"),
        ("?order=worst", "order"),
        ("?limit=0", "limit"),
        ("?cursor=x", "cursor"),
    ],
)
def test_a_filter_that_does_not_parse_is_named(token, sign_in, query, name):
    assert fields(token("hr").get(f"/api/referrals{query}")) == {name}
    if name not in ("order", "limit", "cursor"):
        page = sign_in("hr").get(f"/referrals{query}")
        assert page.status_code == 422
        assert "Look at this first" in page.text

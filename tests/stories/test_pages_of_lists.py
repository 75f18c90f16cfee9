"""A list goes on where its last page ended, and what says where tells nobody how much there is."""

import base64
import json
import re

import pytest
from makers import PERSONAL, fields, people, press, report

from service.core.sealing import seal, unseal
from tests.makers import do_what_is_due

SECRET = "a-secret-for-tests-only-0123456789"


def pages(who, address):
    """Every reference of a list, page by page, and the cursors in between."""
    found, cursors, cursor = [], [], ""
    while cursor is not None:
        answer = who.get(f"{address}{'&' if '?' in address else '?'}limit=2{cursor and f'&cursor={cursor}'}").json()
        found += [row["reference"] for row in answer["items"]]
        cursor = answer["next"]
        cursors += [cursor] if cursor else []
    return found, cursors


@pytest.mark.parametrize("order", ["newest", "oldest", "worst"])
def test_every_case_is_on_one_page(token, order):
    staff, digital = people(token, "staff digital")
    made = [report(staff, codes=codes)["reference"] for codes in (["other"], ["disrepute"], ["other"]) * 2]
    found, cursors = pages(digital, f"/api/cases?order={order}")
    assert sorted(found) == sorted(made)
    assert found == {"newest": made[::-1], "oldest": made, "worst": found}[order]
    assert len(cursors) == 2


def test_a_cursor_does_not_tell_which_row_it_is(token):
    """As long for the first row as for the millionth, the same each time, and nothing to decode."""
    staff, digital = people(token, "staff digital")
    for _ in range(3):
        report(staff)
    first, again = (digital.get("/api/cases?limit=2").json()["next"] for _ in range(2))
    assert first == again
    assert re.fullmatch(r"[A-Za-z0-9_-]{54}", first)
    with pytest.raises((UnicodeDecodeError, json.JSONDecodeError)):
        json.loads(base64.urlsafe_b64decode(first + "=="))


def test_a_cursor_that_is_not_ours_is_refused(token, sign_in):
    staff, digital = people(token, "staff digital")
    for _ in range(3):
        press(digital, report(staff, codes=["disrepute"]), "triage")
    cursor = digital.get("/api/cases?limit=2").json()["next"]
    for wrong in ("x", "7", "W10", "WzFd", "%00", "%C3%A9", "A" * 54, "A" * 3000, cursor[:-1], "B" + cursor[1:]):
        for who, address in ((digital, "/api/cases"), (token("hr"), "/api/referrals")):
            refused = who.get(f"{address}?cursor={wrong}")
            assert (refused.status_code, fields(refused)) == (422, {"cursor"}), (address, wrong)
    # It belongs to its own list, in its own order.
    assert fields(digital.get(f"/api/cases?order=worst&cursor={cursor}")) == {"cursor"}
    assert fields(token("hr").get(f"/api/referrals?cursor={cursor}")) == {"cursor"}
    assert fields(token("admin").get("/api/outbox?cursor=7")) == fields(digital.get("/api/notifications?cursor=7"))


def test_a_page_that_was_led_nowhere_begins_at_its_start_and_says_so(token, sign_in):
    case = report(token("staff"), codes=["disrepute"])["reference"]
    elsewhere = "led to no place in this list"
    places = {"staff": ["/cases"], "hr": ["/referrals"], "admin": ["/outbox", "/notifications"], "digital": ["/queue"]}
    for who, addresses in places.items():
        using = sign_in(who)
        for address in addresses:
            assert elsewhere not in using.get(address).text
            for wrong in ("7", "A" * 54, "%00"):
                page = using.get(f"{address}?cursor={wrong}")
                assert (page.status_code, elsewhere in page.text) == (200, True), (address, wrong)
                assert (case in page.text) == (address in ("/queue", "/cases")), address
    assert "Back to the start" not in sign_in("digital").get("/queue?cursor=7").text


def test_a_filter_that_nobody_knows_is_named(token, sign_in):
    """A program is refused; a page says so and does the rest."""
    staff, digital = people(token, "staff digital")
    high, low = report(staff, codes=["disrepute"])["reference"], report(staff, account=PERSONAL)["reference"]
    refused = digital.get("/api/cases?severity=high&colour=red&Stage=closed&cursor=&limit=2")
    assert (refused.status_code, fields(refused)) == (422, {"colour", "Stage"})
    assert fields(digital.get("/api/cases?stage=x&colour=red")) == {"stage", "colour"}
    using = sign_in("digital")
    page = using.get("/queue?severity=high&colour=red&%3Cb%3E=1")
    assert page.status_code == 200
    assert "These choices are not known here, and left out" in page.text
    assert ">colour</b>" in page.text
    assert ">&lt;b&gt;</b>" in page.text
    assert (high in page.text, low in page.text) == (True, False)
    assert "This choice is not known here" in using.get("/queue?" + "x" * 500).text
    assert "not known here" not in using.get("/queue?severity=high&desk=digital_unit&cursor=").text


def test_what_is_sealed_opens_for_its_purpose_only():
    sealed = seal(SECRET, "cursor", b"12345678")
    assert unseal(SECRET, "cursor", sealed, 8) == b"12345678"
    assert unseal(SECRET, "go", sealed, 8) is None
    assert unseal(SECRET[::-1], "cursor", sealed, 8) is None
    assert unseal(SECRET, "cursor", sealed, 9) is None
    assert unseal(SECRET, "cursor", "é" * len(sealed), 8) is None


def test_an_auditor_cannot_ask_what_they_may_not_read(token):
    """Whose case it is, how late it is and what the account was are not theirs to see, nor to guess at by filters."""
    staff, digital, auditor = people(token, "staff digital auditor")
    case = report(staff)
    press(digital, case, "assign", person="digital2@demo.example")
    assert [row["reference"] for row in auditor.get("/api/cases").json()["items"]] == [case["reference"]]
    for who in ("digital2@demo.example", "digital@demo.example", "none"):
        assert auditor.get(f"/api/cases?assigned={who}").status_code == 403, who
    assert digital.get("/api/cases?assigned=digital2@demo.example").json()["items"]


def masthead(page) -> str:
    """The menu and the bell of a page, without what says which page it is."""
    found = re.search(r'<nav[^>]*id="site-nav".*?</nav>', page.text, re.DOTALL)
    return found[0].replace(' aria-current="page"', "")


def test_the_masthead_says_the_same_on_every_page(token, sign_in, database, settings, clock):
    """Also where something is refused: a menu or a number that is right on some pages only is worse than none."""
    case = report(token("staff"))
    do_what_is_due(database, settings, clock)
    using = sign_in("manager")
    pages = {
        200: [using.get(path) for path in ("/", "/cases", "/queue", "/settings", "/queue?colour=red")],
        404: [using.get(path) for path in ("/no/such/page", "/cases/SM-2026-999999", "/queue/views/x/drop/x")],
        403: [using.get("/queue/give"), using.post("/queue/acknowledge", data={"one": "x"})],
        405: [using.get("/queue/acknowledge")],
        422: [using.get("/queue?stage=x"), using.fill_in("/queue/views", {"name": ""})],
        409: [using.fill_in(f"/cases/{case['reference']}/close", {"resolution": "advice_given"})],
    }
    # Nobody with this part may close it.
    pages[403] += pages.pop(409)
    for status, answers in pages.items():
        assert [answer.status_code for answer in answers] == [status] * len(answers)
    (said,) = {masthead(answer) for answers in pages.values() for answer in answers}
    assert ('href="/queue"' in said, ">1</span>" in said) == (True, True)
    # Reading it empties the bell everywhere; whoever manages nobody has no queue.
    using.get(f"/cases/{case['reference']}")
    (said,) = {masthead(using.get(path)) for path in ("/", "/no/such/page", "/queue?stage=x")}
    assert "bell__count" not in said
    (said,) = {masthead(sign_in("outsider").get(path)) for path in ("/", "/no/such/page", "/queue")}
    assert 'href="/queue"' not in said


def test_the_menu_is_the_same_where_nobody_is_signed_in(browser):
    (said,) = {masthead(browser().get(path)) for path in ("/now", "/sign-in", "/no/such/page")}
    assert 'href="/sign-in"' in said

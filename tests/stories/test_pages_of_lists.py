"""A list goes on where its last page ended, and what says where tells nobody how much there is."""

import base64
import json
import re

import pytest
from makers import fields, people, press, report

from service.core.sealing import seal, unseal
from service.worker.run import work_once

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
    for who, address in (("digital", "/queue"), ("staff", "/cases"), ("hr", "/referrals")):
        assert sign_in(who).get(f"{address}?cursor=7").status_code == 422


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
    while work_once(database, settings, clock):
        pass
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

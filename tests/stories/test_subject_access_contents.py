"""What is given and what is looked through begin with their contents: each part says what it is, and when it was."""

import json
import re

from tests.makers import people, picture, report, room, upload
from tests.stories.test_letters import send
from tests.stories.test_retention_of_referrals import passed_on
from tests.stories.test_room import DECISION_MAKER, INVESTIGATOR, moment
from tests.stories.test_subject_access import ask, given_to, parts, released, where

LINK = re.compile(r'href="([^"]*)"')
ID = re.compile(r'id="([^"]*)"')
HEADING = re.compile(r'<h3 dir="auto">(.*?)</h3>')


def invited(token, clock):
    """A referral with a letter of each kind that comes before its hearing."""
    _, reference = passed_on(token)
    hr, hr2 = people(token, "hr hr2")
    room(hr, reference, "accept")
    room(hr, reference, "appoint", investigator=INVESTIGATOR, decision_maker=DECISION_MAKER)
    room(hr2, reference, "inform-subject", text="Please read this.")
    send(hr2, reference, "informing")
    room(hr2, reference, "record-finding", kind="established", text="It was posted.")
    room(hr2, reference, "record-finding", kind="mitigating", text="They were tired.")
    room(hr2, reference, "invite", hearing_at=moment(clock, days=5), place="Room 4", text="Please come.")
    send(hr2, reference, "invitation")
    return reference


def test_the_file_begins_with_its_contents(token, clock, worked):
    staff = token("staff")
    case = report(staff, narrative="Narwhal")
    for name in ("first.png", "second.png"):
        upload(staff, case, picture(), name)
    reference = invited(token, clock)
    file = released(token, worked)[1]
    page, items = file["index.html"].decode(), json.loads(file["items.json"])
    contents, rest = page.split("</nav>")
    links = LINK.findall(contents.split("<nav")[1])
    headings = HEADING.findall(rest)
    assert len(headings) == len(items) == len([link for link in links if link.startswith("#i")])
    # Nothing is asked of any network, and no link leads nowhere.
    assert {link.removeprefix("#") for link in LINK.findall(page) if link.startswith("#")} <= set(ID.findall(page))
    assert {link for link in LINK.findall(page) if not link.startswith("#")} <= file.keys()
    assert not re.search(r"https?://|<script|<link|<img|@import|url\(", page)
    assert rest.count('href="#contents"') == len(items)
    assert "width=device-width" in page
    for name in (f"Case {case['reference']}", f"Referral to HR {reference}", "You, and how you sign in"):
        assert f">{name}</a><ul>" in contents, name
        assert f">{name}</h2>" in rest, name
    # Under its case or referral no two parts are called the same.
    titles = [item["title"] for item in items]
    assert len(set(titles)) == len(titles)
    for said in ("A file, first.png, added 20 November 2026", "What you reported or asked, 20 November 2026"):
        assert f">{said}</a>" in contents, said
        assert f'<h3 dir="auto">{said}</h3>' in rest, said
    assert re.search(r">A letter to you, what is alleged, sent \d+ November 2026</a>", contents)
    when = r"\d\d:\d\d on \d+ \w+ 2026 in Tokyo \(.*? in London\)"
    assert re.search(rf">A letter to you, your invitation to the hearing at {when}, sent \d+ November", contents)
    assert "HR sent you a letter: what is alleged." in page
    assert re.search(r"HR sent you a letter: your invitation to the hearing at \d\d", page)


def test_whoever_looks_it_through_finds_each_part_from_the_contents(token, worked, sign_in):
    staff = token("staff")
    case = report(staff, narrative="Narwhal " * 400)
    upload(staff, case, picture(), "screen.png")
    request = ask(staff)
    worked()
    page = sign_in("data").get(f"/subject-access/{request['reference']}").text
    held = parts(token("data"), request)
    inside = page.split('id="contents"')[1].split("</nav>")[0]
    assert [f"#i{part['item']}" for part in held] == [link for link in LINK.findall(inside) if link.startswith("#i")]
    assert set(LINK.findall(inside)) <= {f"#{each}" for each in ID.findall(page)}
    assert f"{len(held)} parts, 1 with a file" in page
    assert ">Member of staff</span>" in page
    # What is long is folded: the first words of it, and how much there is.
    assert re.search(r"Narwhal … <span class=\"quiet\">\(all 3,1\d\d letters\)", page)


def test_a_name_of_a_file_that_is_taken_out_is_out_of_what_its_part_is_called(token, worked):
    staff, data = people(token, "staff data")
    case = report(staff)
    long = "x" * 280 + "walrus.png"
    for name in ("the walrus.png", long):
        upload(staff, case, picture(), name)
    request = ask(staff)
    worked()
    for part in parts(data, request):
        for text in ("walrus", "x" * 100, "e"):
            if any(text in line for _, *lines in part["lines"] for line in lines):
                body = {"item": part["item"], "text": text, "reason": "It tells who she is."}
                assert data.post(f"{where(request)}/redact", json=body).status_code == 200
    data.post(f"{where(request)}/release", json={"looked_through": True})
    worked()
    file = given_to(staff, request)
    told = file["index.html"].decode() + file["items.json"].decode()
    assert "walrus" not in told
    assert "x" * 100 not in told
    # The words in the place of others stay whole.
    assert "A file, th⟦taken out⟧ ⟦taken out⟧.png, added 20 November 2026" in told
    assert "⟦tak⟦" not in told


def test_a_passage_over_two_lines_is_taken_out_however_it_is_typed(token, worked, sign_in):
    """A browser ends its lines in its own way, and an accent may be typed by itself."""
    staff = token("staff")
    report(staff, narrative="So said Zoe\u0308 Swift.\r\nShe of the red hat. \u05e9\u05dc\u05d5\u05dd")
    request = ask(staff)
    worked()
    page, data = sign_in("data"), token("data")
    for part in parts(data, request):
        if "red hat" in json.dumps(part):
            typed = {
                "item": str(part["item"]),
                "text": "Zoe\u0308 Swift.\r\nShe of the red hat",
                "reason": "It tells who.",
            }
            sent = page.fill_in(f"/subject-access/{request['reference']}/redact", typed)
            assert sent.status_code == 303, sent.text
    held = json.dumps(parts(data, request), ensure_ascii=False)
    assert "So said ⟦taken out⟧. \u05e9\u05dc\u05d5\u05dd" in held
    assert "red hat" not in held

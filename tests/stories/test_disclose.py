"""The person whose post it is is told some facts, reads those and no more, and can answer."""

import pytest
from sqlalchemy import text

from service.worker.run import work_once
from tests.adapters.test_documents import text_of
from tests.makers import at, case_id, changed, edit, entries, faults, fields, listed, people, press, report
from tests.stories.test_concern import WORDS, raise_it

SUBJECT = {"reference", "kind", "version", "guarded", "pdf_audiences", "title", "account", "post", "status"}
SUBJECT |= {"disclosed", "messages", "may"}


def tell(digital, case, *facts):
    return digital.post(f"{at(case)}/disclose", json={"facts": list(facts)})


def test_they_read_what_they_were_told_and_no_more_and_can_answer(token, database, settings, clock):
    staff, colleague, digital, other = people(token, "staff colleague digital digital2")
    case = raise_it(staff, confidential=True, post={"url": "https://example.org/post/1", "text": "Boo"})
    assert colleague.get(at(case)).status_code == 404
    assert tell(digital, case, "post.url", "codes").status_code == 200
    told_at = clock()
    seen = colleague.get(at(case)).json()
    assert set(seen) == SUBJECT | {"codes"}
    assert (seen["post"], seen["codes"]) == ({"url": "https://example.org/post/1"}, ["disrepute"])
    assert seen["disclosed"] == [{"facts": ["post.url", "codes"], "at": told_at.isoformat().replace("+00:00", "Z")}]
    assert seen["pdf_audiences"] == ["subject"]
    assert set(seen["may"]) == {"view", "message"}
    assert work_once(database, settings, clock)
    assert "disclosed" in {row["kind"] for row in colleague.get("/api/notifications").json()["items"]}
    timeline = entries(colleague, case)
    assert [(entry["kind"], entry["actor"]) for entry in timeline] == [("disclosed", "The desk that looks at it")]
    for word in (WORDS, "staff@", "Boo", "severity"):
        assert word not in str(seen) + str(timeline)
    # What was told stays as it was told; told anew, it is as it stands then.
    assert digital.patch(at(case), json={"codes": ["copyright"]}).status_code == 200
    assert colleague.get(at(case)).json()["codes"] == ["disrepute"]
    clock.forward(minutes=1)
    assert tell(digital, case, "codes", "post.text").status_code == 200
    seen = colleague.get(at(case)).json()
    assert (seen["codes"], seen["post"]["text"], len(seen["disclosed"])) == (["copyright"], "Boo", 2)
    press(colleague, case, "messages", text="It was a joke.")
    press(digital, case, "messages", text="Thank you for that.", to="colleague@demo.example")
    assert [line["from_me"] for line in colleague.get(at(case)).json()["messages"]] == [True, False]
    assert staff.get(at(case)).json()["messages"] == []
    (first, _) = entries(other, case, "disclosed")
    assert changed(first)["disclosed.post.url"] == (None, "https://example.org/post/1")
    assert entries(staff, case, "disclosed") == []
    assert listed(colleague, "?q=Boo") == []
    assert faults(database) == []


def test_what_is_refused(token, database):
    staff, digital, other = people(token, "staff digital outsider")
    case = raise_it(staff)
    for facts in ([], ["narrative"], ["about.description"], ["reporter"], ["post.text"], ["post.url", "nonsense"]):
        refused = tell(digital, case, *facts)
        assert refused.status_code == 422, facts
        assert {field.partition(".")[0] for field in fields(refused)} == {"facts"}
    assert tell(other, case, "codes").status_code == 404
    assert tell(staff, case, "codes").status_code == 403
    assert tell(digital, report(staff, account={"type": "official"}), "codes").status_code == 409
    nobody = raise_it(staff, about={"what": "unknown"})
    assert tell(digital, nobody, "codes").status_code == 409
    assert "disclose" not in digital.get(at(nobody)).json()["may"]
    assert tell(digital, case, "codes").status_code == 200
    assert tell(digital, case, "codes").status_code == 409
    edit(database, "colleague", active=False)
    refused = tell(digital, case, "post.url")
    assert (refused.status_code, "outside Amends" in refused.json()["detail"]) == (409, True)


def test_a_purge_reaches_what_was_told(token, database):
    staff, colleague, digital = people(token, "staff colleague digital")
    case = raise_it(staff, post={"url": "https://example.org/post/1", "text": "Secret words"})
    tell(digital, case, "post.text", "post.url")
    assert digital.patch(at(case), json={"possibly_classified": "yes"}).status_code == 200
    press(digital, case, "purge", fields=["post.text"], reason="Spilt.")
    assert colleague.get(at(case)).json()["post"] == {"url": "https://example.org/post/1"}
    with database.read() as db:
        asked = {"which": case_id(database, case)}
        query = "SELECT fields FROM timeline_values v JOIN timeline_entry e ON e.position = v.position"
        kept = db.execute(text(f"{query} WHERE e.case_id = :which"), asked).scalars().all()
    assert "Secret words" not in str(kept)
    assert faults(database) == []


@pytest.mark.parametrize("who", ["colleague", "staff"])
def test_each_party_has_a_paper_of_their_own_part(token, database, who):
    staff, digital = people(token, "staff digital")
    case = raise_it(staff, confidential=True)
    none = {"colleague": 404, "staff": 200}
    client = token(who)
    assert client.get(f"{at(case)}/summary.pdf").status_code == none[who]
    tell(digital, case, "post.url")
    press(digital, case, "triage", severity="critical")
    press(staff, case, "messages", text="Please be careful.")
    made = client.get(f"{at(case)}/summary.pdf")
    assert made.status_code == 200
    variant = {"colleague": "subject", "staff": "reporter"}[who]
    assert made.headers["content-disposition"].endswith(f'-{variant}.pdf"')
    for other in {"subject", "reporter", "digital_unit", "line_manager", "hr"} - {variant}:
        assert client.get(f"{at(case)}/summary.pdf?audience={other}").status_code == 403
    said = text_of(made.content)
    assert ("https://example.org/post/1" in said, WORDS in said) == (True, who == "staff")
    assert "ritical" not in said
    assert "staff@" not in said
    of_desk = digital.get(f"{at(case)}/summary.pdf?audience={variant}")
    assert of_desk.status_code == 200
    assert text_of(of_desk.content).count("critical") == 0


def test_who_was_asked_and_told_reads_both_parts(token):
    staff, colleague, digital = people(token, "staff colleague digital")
    case = raise_it(staff)
    press(digital, case, "triage", ask_for=["delete"], ask_of="colleague@demo.example")
    assert tell(digital, case, "account.type").status_code == 200
    seen = colleague.get(at(case)).json()
    assert (seen["account"]["type"], seen["account"]["handle"]) == ("official", "@EmbassyTokyo")
    assert seen["post"] == {"url": "https://example.org/post/1"}
    assert {"steps", "disclosed"} <= set(seen)


def test_what_was_asked_stands_at_home_with_its_time_although_they_were_told_as_well(token, sign_in):
    staff, digital = people(token, "staff digital")
    colleague = sign_in("colleague")
    case = raise_it(staff)
    assert tell(digital, case, "account.type").status_code == 200
    told = colleague.get("/cases").text.partition("<tbody")[2].partition("</tbody>")[0]
    assert "Received" in told
    press(digital, case, "triage", ask_for=["delete"], ask_of="colleague@demo.example")
    asked = colleague.get("/").text.partition("<tbody")[2].partition("</tbody>")[0]
    assert ">delete<" in asked
    assert ">30 minutes left<" in asked
    assert "In hand" not in asked

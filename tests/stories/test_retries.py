"""What is sent again with the same key is answered as the first time, and done once."""

import hmac
from hashlib import sha256

import pytest
from makers import at, fields, people, press, report
from sqlalchemy import delete, select
from sqlmodel import col

from service.people.directory import find, set_role
from service.records.enums import Role
from service.records.people import DeskMember
from service.records.timeline import Once


def upload_as(boundary, content=b"A plain text.", name="a.txt", description="A view"):
    """A form with a file, as a client that chooses this boundary writes it."""
    lines = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="description"\r\n\r\n{description}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: text/plain\r\n\r\n"
    )
    body = lines.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return {"content": body, "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"}}


def test_a_retried_upload_has_another_boundary(token):
    """Clients draw a new boundary for each try; what they send is still the same."""
    staff = token("staff")
    case = report(staff)
    answers = []
    for boundary in ("first", "another"):
        sent = upload_as(boundary)
        sent["headers"]["Idempotency-Key"] = "one"
        answers.append(staff.post(f"{at(case)}/evidence", **sent))
    assert [answer.status_code for answer in answers] == [201, 201], answers[1].text
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert len(staff.get(at(case)).json()["evidence"]) == 1


@pytest.mark.parametrize("other", [{"content": b"Another text."}, {"name": "b.txt"}, {"description": "Another"}])
def test_another_upload_is_another_request(token, other):
    staff = token("staff")
    case = report(staff)
    for told, status in (({}, 201), (other, 422)):
        sent = upload_as("b", **told)
        sent["headers"]["Idempotency-Key"] = "one"
        assert staff.post(f"{at(case)}/evidence", **sent).status_code == status


def test_naming_ones_own_conflict_can_be_retried(token):
    """The first answer may be lost on its way; the second must not say that there never was such a case."""
    staff, digital, digital2 = people(token, "staff digital digital2")
    case = report(staff)
    told = {"person": "digital@demo.example", "reason": "My brother."}
    key = {"Idempotency-Key": "mine"}
    first = digital.post(f"{at(case)}/conflict", json=told, headers=key)
    assert first.status_code == 200
    press(digital2, case, "triage", severity="low")
    again = digital.post(f"{at(case)}/conflict", json=told, headers=key)
    assert again.status_code == 200
    # What happened since is not theirs to learn: the answer is the one they had.
    assert again.json() == first.json()
    assert again.json()["reference"] == case["reference"]
    assert "narrative" not in again.json()
    # Nothing else of it is there for them.
    assert digital.post(f"{at(case)}/conflict", json=told).status_code == 404
    for other in (told | {"reason": "Another."}, {"person": "x"}):
        assert digital.post(f"{at(case)}/conflict", json=other, headers=key).status_code == 404
    assert digital.post(f"{at(case)}/conflict", json=told, headers={"Idempotency-Key": "x" * 201}).status_code == 404
    assert digital.get(at(case)).status_code == 404


def test_an_upload_can_be_retried_after_naming_ones_own_conflict(token):
    staff, digital = people(token, "staff digital")
    case = report(staff)

    def add(boundary, **told):
        sent = upload_as(boundary, **told)
        sent["headers"]["Idempotency-Key"] = "one"
        return digital.post(f"{at(case)}/evidence", **sent)

    assert add("first").status_code == 201
    press(digital, case, "conflict", person="digital@demo.example", reason="My brother.")
    again = add("again")
    assert (again.status_code, again.json()) == (201, {"reference": case["reference"], "may": []})
    # Another upload, or the same without its key, finds no case.
    assert add("again", content=b"Another text.").status_code == 404
    assert digital.post(f"{at(case)}/evidence", **upload_as("again")).status_code == 404
    assert len(staff.get(at(case)).json()["evidence"]) == 1


def test_an_upload_cannot_be_asked_for_again_with_an_auditors_eyes(token, database):
    """They have changed post since: they see the case, and no files."""
    staff, digital = people(token, "staff digital")
    case = report(staff)
    sent = upload_as("one")
    sent["headers"]["Idempotency-Key"] = "one"
    assert digital.post(f"{at(case)}/evidence", **sent).status_code == 201
    with database.write() as db:
        person = find(db, "digital@demo.example")
        db.execute(delete(DeskMember).where(col(DeskMember.person_id) == person.id))
        set_role(db, person.email, Role.AUDITOR)
    assert digital.get(at(case)).status_code == 200
    assert digital.post(f"{at(case)}/evidence", **sent).status_code == 404


def test_what_is_remembered_of_a_request_does_not_tell_its_words(token, database):
    """Whoever has the database cannot try guesses at words that were purged."""
    staff = token("staff")
    case = report(staff)
    address, body = f"{at(case)}/messages", b'{"text": "The name of the source"}'
    headers = {"Content-Type": "application/json", "Idempotency-Key": "one"}
    assert staff.post(address, content=body, headers=headers).status_code == 200
    parts = [b"POST", address.encode(), b"application/json", body]
    guess = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    with database.read() as db:
        (asked,) = db.execute(select(Once.asked)).scalars()
    assert asked != sha256(guess).hexdigest()
    assert asked == hmac.new(b"a-secret-for-tests-only-0123456789", guess, sha256).hexdigest()


def test_a_key_is_its_owners(token):
    """Somebody else's key tells nothing."""
    staff, outsider = people(token, "staff outsider")
    case, key = report(staff), {"Idempotency-Key": "one"}
    assert staff.post(f"{at(case)}/messages", json={"text": "Hello"}, headers=key).status_code == 200
    assert outsider.post(f"{at(case)}/messages", json={"text": "Hello"}, headers=key).status_code == 404
    assert fields(staff.post(f"{at(case)}/messages", json={"text": "Other"}, headers=key)) == {"Idempotency-Key"}


def test_a_token_that_only_reads_learns_no_more_than_its_owner(token):
    """An absent case is absent before it is said that this token may not write."""
    case = report(token("staff"))
    reading, stranger = token("staff", scopes="read"), token("outsider", scopes="read")
    for deed in ("messages", "steps/delete/take", "facts", "evidence"):
        send = reading.patch if deed == "facts" else reading.post
        address = at(case) if deed == "facts" else f"{at(case)}/{deed}"
        assert send(address, json={"text": "Hello"}).status_code == 403, deed
        other = stranger.patch if deed == "facts" else stranger.post
        assert other(address, json={}).status_code == 404, deed
        assert other(address.replace(case["reference"], "SM-2026-999999"), json={}).status_code == 404, deed
    assert reading.post("/api/cases", json={"kind": "mistake"}).status_code == 403
    assert token("staff").get(at(case)).json()["messages"] == []


def test_two_cases_are_not_duplicates_of_each_other(token):
    """Nor three in a ring: one of them has to be the one that counts."""
    staff, digital = people(token, "staff digital")
    cases = [report(staff) for _ in range(3)]
    for case in cases:
        press(digital, case, "triage")
        press(digital, case, "advice", text="Use two browsers.")
        for kind in ("delete", "apologise"):
            press(digital, case, f"steps/{kind}/waive", reason="The same post.")

    def ends(case, other):
        told = {"resolution": "duplicate", "duplicate_of": other["reference"]}
        return digital.post(f"{at(case)}/close", json=told)

    assert ends(cases[0], cases[1]).status_code == 200
    assert fields(ends(cases[1], cases[0])) == {"duplicate_of"}
    assert ends(cases[1], cases[2]).status_code == 200
    refused = ends(cases[2], cases[0])
    assert (refused.status_code, fields(refused)) == (422, {"duplicate_of"})

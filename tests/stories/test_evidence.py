"""Files: taken by what they are, kept byte for byte, given back as attachments, and only to those who see the case."""

import hashlib
from io import BytesIO

import pytest
from PIL import Image

from tests.makers import at, entries, faults, fields, people, picture, press, put_right, report, upload

MB = 1024 * 1024
PDF = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
MAIL = b"From: a@example.org\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\nSubject: x\r\n\r\nHello\r\n"
FILM = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + b"\x00" * 64
TAKEN = {
    "image/png": picture(),
    "image/jpeg": picture(kind="JPEG"),
    "image/webp": picture(kind="WEBP"),
    "image/gif": picture(kind="GIF"),
    "application/pdf": PDF,
    "text/plain": "Ein Tweet, 三行 and a line.\n".encode(),
    "message/rfc822": MAIL,
    "video/mp4": FILM,
}
REFUSED = {
    "a program": b"MZ\x90\x00" + b"\x00" * 64,
    "a script": b"#!/bin/sh\necho\n",
    "an elf": b"\x7fELF" + b"\x00" * 64,
    "a page": b"<!DOCTYPE html><script>alert(1)</script>",
    "a page behind blanks": b"\n\n  \xef\xbb\xbf <html></html>",
    "a drawing": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "markup": b"<?xml version='1.0'?><a/>",
    "an archive": b"PK\x03\x04" + b"\x00" * 64,
    "no text": b"\x00\x01\x02\x03",
    "nothing": b"",
}


@pytest.mark.parametrize("media_type", TAKEN)
def test_taken_by_what_it_is_and_given_back_byte_for_byte(token, database, media_type):
    staff, manager, digital = people(token, "staff manager digital")
    case, content = report(staff), TAKEN[media_type]
    told = {"captured_at": "2026-11-20T17:59:00+09:00", "description": "The post, before it was deleted"}
    added = upload(staff, case, content, "anything.exe", **told)
    assert added.status_code == 201, added.text
    file = added.json()
    sha256 = hashlib.sha256(content).hexdigest()
    assert (file["media_type"], file["size"], file["sha256"], file["by"]) == (
        media_type,
        len(content),
        sha256,
        "Member of staff",
    )
    assert (file["captured_at"], file["captured_zone"]) == ("2026-11-20T08:59:00Z", "Asia/Tokyo")
    assert (file["description"], file["scanned"]) == (told["description"], False)
    assert added.headers["etag"] == f'"{staff.get(at(case)).json()["version"]}"'
    for who in (staff, manager, digital):
        given = who.get(f"{at(case)}/evidence/{file['id']}")
        assert (given.status_code, given.content) == (200, content)
        assert given.headers["content-type"].partition(";")[0] == media_type
        assert given.headers["content-disposition"].startswith("attachment; ")
        # Saved under a name of its kind: the reader's own machine opens files by their names.
        assert not given.headers["content-disposition"].endswith(".exe")
        assert given.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in given.headers["content-security-policy"]
        assert "no-store" in given.headers["cache-control"]
    assert who.get(at(case)).json()["evidence"] == [file]
    assert len(entries(manager, case, "evidence_added")) == 1
    assert faults(database) == []


@pytest.mark.parametrize("what", REFUSED)
def test_other_kinds_are_refused_whatever_they_are_called(token, app, what):
    staff = token("staff")
    case = report(staff)
    refused = upload(staff, case, REFUSED[what], "picture.png")
    assert (refused.status_code, fields(refused)) == (422, {"file"})
    assert staff.get(at(case)).json()["evidence"] == []
    assert list(app.state.house.store.list("evidence")) == []


def test_twenty_megabytes_and_no_more(token):
    staff = token("staff")
    case = report(staff)
    whole = PDF + b"\n" * (20 * MB - len(PDF))
    assert upload(staff, case, whole, "just.pdf").status_code == 201
    for size in (20 * MB + 1, 23 * MB):
        assert upload(staff, case, whole + b"\n" * (size - 20 * MB), "more.pdf").status_code in (413, 422)
    assert len(staff.get(at(case)).json()["evidence"]) == 1


def test_twenty_files_and_no_more(token, database):
    staff, digital = people(token, "staff digital")
    case = report(staff)
    for number in range(20):
        assert upload(digital if number % 2 else staff, case, f"Line {number}".encode(), "note.txt").status_code == 201
    full = upload(staff, case, b"One too many", "note.txt")
    assert (full.status_code, fields(full)) == (409, {"file"})
    assert len(staff.get(at(case)).json()["evidence"]) == 20
    assert faults(database) == []


def test_what_is_said_beside_a_file(token):
    staff = token("staff")
    case = report(staff)
    for told, field in (
        ({"captured_at": "2026-11-20T18:00:01+09:00"}, "captured_at"),
        ({"captured_at": "2026-11-20T17:00"}, "captured_at"),
        ({"captured_at": "soon"}, "captured_at"),
        ({"description": "x" * 20_001}, "description"),
        ({"colour": "red"}, "colour"),
    ):
        refused = upload(staff, case, picture(), **told)
        assert (refused.status_code, fields(refused)) == (422, {field}), told
    assert fields(staff.post(f"{at(case)}/evidence", files={"other": ("a.png", picture())})) == {"file"}
    assert staff.post(f"{at(case)}/evidence", json={}).status_code in (415, 422)


def test_names_are_made_fit_to_be_shown(token):
    staff = token("staff")
    case = report(staff)
    for name, kept in (
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\shots\\one.png", "one.png"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("スクリーンショット.png", "スクリーンショット.png"),
    ):
        file = upload(staff, case, picture(), name).json()
        assert file["filename"] == kept
        disposition = staff.get(f"{at(case)}/evidence/{file['id']}").headers["content-disposition"]
        assert disposition.startswith('attachment; filename="')
        assert "\n" not in disposition
        assert "/" not in disposition


def test_who_may_add_and_until_when(token, database):
    staff, manager, digital, outsider = people(token, "staff manager digital outsider")
    case = report(staff)
    assert upload(manager, case, picture()).status_code == 403
    assert upload(outsider, case, b"junk").status_code == 404
    assert outsider.post(f"{at(case)}/evidence", content=b"x" * 5_000_000).status_code == 404
    assert upload(digital, case, picture()).status_code == 201
    put_right(staff, digital, case)
    press(digital, case, "close", resolution="advice_given")
    for who in (staff, digital):
        assert upload(who, case, picture()).status_code == 409
        # A wrong value is told before that the case is closed.
        assert upload(who, case, b"MZ").status_code == 422
    assert faults(database) == []


def test_stale_and_repeated_uploads(token):
    staff = token("staff")
    case = report(staff)
    content = {"file": ("a.png", picture())}
    old = {"If-Match": f'"{case["version"]}"'}
    assert press(staff, case, "exposure", reach=3)
    assert staff.post(f"{at(case)}/evidence", files=content, headers=old).status_code == 412
    body, content_type = _multipart(picture())
    key = {"Idempotency-Key": "one", "content-type": content_type}
    first, again = (staff.post(f"{at(case)}/evidence", content=body, headers=key) for _ in range(2))
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert len(staff.get(at(case)).json()["evidence"]) == 1
    # Retried as it was sent, with the version that was seen then.
    told = {"Idempotency-Key": "two", "If-Match": f'"{staff.get(at(case)).json()["version"]}"'} | {
        "content-type": content_type
    }
    again = [staff.post(f"{at(case)}/evidence", content=body, headers=told) for _ in range(2)]
    assert [answer.status_code for answer in again] == [201, 201]
    assert len(staff.get(at(case)).json()["evidence"]) == 2
    # Without a key the same file twice is two files.
    assert upload(staff, case, picture()).json()["id"] != upload(staff, case, picture()).json()["id"]


def _multipart(content: bytes) -> tuple[bytes, str]:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    return head + content + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"


def test_a_guarded_case_takes_no_file_before_the_desk_opens_it(token, app):
    staff, digital = people(token, "staff digital")
    case = report(staff, possibly_classified="unsure")
    for who in (staff, digital):
        refused = upload(who, case, picture())
        assert (refused.status_code, fields(refused)) == (422, {"file"})
    assert list(app.state.house.store.list("evidence")) == []
    press(digital, case, "open", reason="The security team agreed.")
    assert upload(staff, case, picture()).status_code == 201


def test_a_file_of_another_case_is_not_there(token):
    staff, colleague, manager, auditor = people(token, "staff colleague manager auditor")
    mine, other = report(staff), report(colleague)
    file = upload(colleague, other, picture()).json()["id"]
    absent = staff.get(f"{at(mine)}/evidence/{'0' * 32}")
    for who, case in ((staff, mine), (manager, mine), (colleague, mine), (staff, other)):
        answer = who.get(f"{at(case)}/evidence/{file}")
        assert (answer.status_code, answer.content) == (404, absent.content)
    for odd in ("x", "..%2F..%2Fetc", "%00", "0" * 500):
        assert staff.get(f"{at(mine)}/evidence/{odd}").status_code == 404
    # Auditors read no content, and a file is content.
    assert auditor.get(at(other)).status_code == 200
    assert auditor.get(f"{at(other)}/evidence/{file}").content == absent.content
    assert manager.get(f"{at(other)}/evidence/{file}").status_code == 200


def test_the_preview_is_made_anew_without_what_the_camera_said(token, sign_in):
    staff = token("staff")
    case = report(staff)
    exif = Image.Exif()
    exif[0x010E] = "Canary-GPS"
    original = picture("green", (2400, 1800), "JPEG", exif=exif)
    assert b"Canary-GPS" in original
    file = upload(staff, case, original, "shot.jpg").json()
    assert file["preview"] is True
    page = sign_in("manager")
    small = page.get(f"/cases/{case['reference']}/evidence/{file['id']}/preview")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/jpeg")
    assert b"Canary-GPS" not in small.content
    made = Image.open(BytesIO(small.content))
    assert made.size == (file["preview_width"], file["preview_height"])
    assert max(made.size) < 2400
    assert b"Canary-GPS" in staff.get(f"{at(case)}/evidence/{file['id']}").content
    text = upload(staff, case, b"Only words", "note.txt").json()
    assert text["preview"] is False
    assert page.get(f"/cases/{case['reference']}/evidence/{text['id']}/preview").status_code == 404
    outsider = sign_in("outsider").get(f"/cases/{case['reference']}/evidence/{file['id']}/preview")
    assert outsider.status_code == 404
    assert "unscanned" in page.get(f"/cases/{case['reference']}").text.lower().replace("not scanned", "unscanned")


def test_on_the_page(sign_in, token):
    case = report(token("staff"))
    here = f"/cases/{case['reference']}"
    staff = sign_in("staff")
    staff.get(here)
    fields_sent = {"csrf": staff.csrf, "description": "Words beside it"}
    refused = staff.post(f"{here}/evidence", data=fields_sent, files={"file": ("a.png", b"MZ")})
    assert refused.status_code == 422
    assert "Words beside it" in refused.text
    done = staff.post(f"{here}/evidence", data=fields_sent, files={"file": ("a.png", picture())})
    assert (done.status_code, done.headers["location"]) == (303, here)
    seen = staff.get(here).text
    assert "Words beside it" in seen
    link = f"{here}/evidence/{token('staff').get(at(case)).json()['evidence'][0]['id']}"
    assert link in seen
    assert staff.get(link).content == picture()

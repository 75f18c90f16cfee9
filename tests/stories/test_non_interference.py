"""For whoever is outside the wall the world is the same, byte for byte, with and without a secret case.

They look at everything that they can reach. Then a secret case comes into being, like one that they see in every key
by which cases are compared, and some deeds are done to it. Then they look again. References, moments and random ids
do not even have to be set aside: the clock stands still, and what they see is the same rows. What administrators read
of the outbox counts every message of everybody, so that it is looked at for words alone, as auditors' pages are.
"""

import logging
from pathlib import Path
from threading import Event

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.worker.post import Post
from tests.makers import NO_DANGER, OFFICIAL, at, do_what_is_due, faults, picture, press, report, upload

CANARIES = ("Quokka", "Quagga", "Quoll", "Quelea", "Quetzal")
LINK = "https://example.org/post/1"
LIKE = {"account": OFFICIAL, "post": {"url": LINK, "text": "Happy new year"}, "codes": ["disrepute"]}
DULL = {"x-request-id", "date", "set-cookie"}
FILTERS = (
    "",
    "?kind=concern",
    "?kind=mistake",
    "?severity=high",
    "?stage=reported",
    "?stage=in_hand",
    "?stage=closed",
    "?order=newest",
    "?order=oldest",
    "?order=worst",
    "?assigned=me",
    "?assigned=none",
    "?overdue=true",
    "?platform=X",
    "?limit=1",
    *(f"?q={word}" for word in (*CANARIES, "year", "EmbassyTokyo", "post/1")),
)
PAGES = ("/", "/cases", "/notifications", "/settings", "/rota", "/people", "/report", "/before-you-post", "/referrals")
CALLS = ("me", "notifications", "views", "rota", "preferences", "export.csv", "referrals")
WALLED = ("digital2", "digital", "manager")
DEEDS = ("triage", "message", "answer", "note", "file", "hr", "media", "exposure", "purpose", "assign")


class World:
    """Everybody's browsers and programs, and the case that everybody at the unit and the manager see."""

    def __init__(self, token, sign_in) -> None:
        names = ("staff", "colleague", "outsider", "admin", "auditor", *WALLED)
        self.programs = {name: token(name) for name in names}
        self.pages = {name: sign_in(name) for name in names}
        self.seen = report(self.programs["colleague"], **LIKE)
        upload(self.programs["colleague"], self.seen, picture())

    def look(self, name: str) -> dict[str, tuple]:
        """Everything that somebody can reach, by its address."""
        program, page = self.programs[name], self.pages[name]
        here = f"/cases/{self.seen['reference']}"
        paths = [*PAGES, *(f"/queue{narrowed}" for narrowed in FILTERS), here, f"{here}/pdf", f"{here}/looking"]
        told = {path: told_of(page.get(path)) for path in paths if not (path.endswith("/pdf") and name in WALLED)}
        calls = [*CALLS, *(f"cases{narrowed}" for narrowed in FILTERS), here[1:], f"{here[1:]}/timeline"]
        return told | {path: told_of(program.get(f"/api/{path}")) for path in calls}

    def secret(self, kind: str, about: str) -> dict:
        """A case that `about` is walled off from, by a colleague whose every word is planted."""
        told = {**LIKE, **NO_DANGER, "narrative": "Quokka"}
        if kind == "mistake":
            case = report(self.programs["staff"], **told, facts_wrong="no", not_manager=True)
            if about != "manager":
                other = self.programs["digital" if about == "digital2" else "digital2"]
                press(other, case, "conflict", person=f"{about}@demo.example", reason="Quagga")
            return case
        told |= {"kind": "concern", "confidential": kind == "confidential"}
        told["about"] = {"what": "colleague", "email": f"{about}@demo.example", "description": "Quagga"}
        made = self.programs["staff"].post("/api/cases", json=told)
        assert made.status_code == 201, made.text
        return made.json()

    def move(self, case: dict, deed: str, desk: str) -> None:
        """One deed; that the case does not allow it any more is no matter."""
        staff, unit = self.programs["staff"], self.programs[desk]
        bodies = {
            "triage": ("triage", {"note": "Quelea"}),
            "answer": ("messages", {"text": "Quelea"}),
            "note": ("notes", {"text": "Quetzal", "audience": "digital_unit"}),
            "hr": ("send", {"desk": "hr", "reason": "Quetzal"}),
            "media": ("send", {"desk": "media_office", "reason": "Quetzal"}),
            "exposure": ("exposure", {"media_interest": True, "reach": 1000}),
            "purpose": ("referral-decision", {"refer": True, "reason": "Quelea"}),
            "assign": ("assign", {"person": f"{desk}@demo.example"}),
        }
        if deed == "message":
            answer = staff.post(f"{at(case)}/messages", json={"text": "Quagga"})
        elif deed == "file":
            answer = upload(staff, case, picture(), name="Quoll.png", description="Quoll")
        else:
            path, body = bodies[deed]
            answer = unit.post(f"{at(case)}/{path}", json=body)
        assert answer.status_code in (200, 201, 409), (deed, answer.text)


def told_of(answer) -> tuple:
    """All that an answer tells."""
    headers = {name: value for name, value in answer.headers.items() if name not in DULL}
    return answer.status_code, headers, answer.content


def mails(folder: Path) -> dict[str, bytes]:
    """Every message that was sent."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def house(request):
    """The service's settings, by another name: hypothesis has its own."""
    return request.getfixturevalue("settings")


@pytest.fixture
def world(token, sign_in):
    return World(token, sign_in)


@pytest.mark.limit(600)
def test_outside_the_wall_nothing_tells_of_a_secret_case(world, house, database, clock, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    post = Post(database, house, clock)

    def work() -> None:
        do_what_is_due(database, house, clock)
        while post.work_once(Event()):
            pass

    @given(
        st.sampled_from(["named", "confidential", "mistake"]),
        st.sampled_from(WALLED),
        st.lists(st.sampled_from(DEEDS), min_size=3, max_size=6),
    )
    @settings(
        max_examples=5,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
        derandomize=True,
    )
    def same(kind, about, deeds):
        desk = "digital" if about == "digital2" else "digital2"
        outside = (about, "outsider", "admin")
        work()
        for name in outside:
            world.look(name)
        before, posted = {name: world.look(name) for name in outside}, mails(tmp_path / "mail")
        case = world.secret(kind, about)
        world.move(case, "file", desk)
        for deed in deeds:
            world.move(case, deed, desk)
        work()
        for name in outside:
            after = world.look(name)
            differ = [path for path, told in after.items() if told != before[name][path]]
            assert not differ, (name, kind, about, deeds, differ)
        looked = [world.look(name) for name in ("outsider", "admin", about, "auditor")]
        # A search shows the word that was looked for: that it finds nothing is said by the bytes above.
        told = "".join(str(answer) for each in looked for path, answer in each.items() if "q=" not in path)
        told += world.pages["admin"].get("/outbox").text + world.programs["admin"].get("/api/outbox").text
        told += world.programs["admin"].get("/metrics").text + world.pages["auditor"].get("/audit").text
        told += (
            world.programs["auditor"].get(at(case)).text + world.programs["auditor"].get(f"{at(case)}/timeline").text
        )
        logged = "".join(line.getMessage() for line in caplog.records if line.name.startswith("amends"))
        assert len(mails(tmp_path / "mail")) > len(posted)
        new = {path: text for path, text in mails(tmp_path / "mail").items() if path not in posted}
        told += "".join(str(text) for text in new.values()) + logged
        for word in CANARIES:
            assert word not in told, (word, kind, about, deeds)
        assert not any(f"{name}@demo.example" in str(text) for text in new.values() for name in (about, "outsider"))
        assert case["reference"] not in logged

    same()
    assert faults(database) == []

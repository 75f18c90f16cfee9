"""The matrix of `tests/rules/access.yaml`, and the cases that it speaks of, made through the front door."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import yaml
from sqlalchemy import delete

from service.core.database import Database
from service.records.enums import DeskName
from service.records.people import DeskMember
from tests.makers import NO_DANGER, OFFICIAL, PERSONAL, busy, edit, id_of, people, picture, press, report, upload

MATRIX: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "rules/access.yaml").read_text())
Token = Callable[..., httpx.Client]
HANDLE = {**OFFICIAL, "handle": "@Marlin"}
OWN = {**PERSONAL, "handle": "@Marlin"}


class Cells:
    """The cells that were asked, and those where the service and the matrix disagree."""

    def __init__(self) -> None:
        self.wrong: list[tuple] = []

    def same(self, found, wanted, *cell) -> None:
        """One cell."""
        if found != wanted:
            both = isinstance(found, set) and isinstance(wanted, set)
            self.wrong.append((*cell, {"more": found - wanted, "less": wanted - found} if both else (found, wanted)))

    def told(self) -> str:
        """Where they disagree, a cell a line."""
        return "\n".join(map(str, self.wrong))


def relations(case: str) -> dict[str, dict[str, Any]]:
    """How people stand to one of the matrix's cases, by name; `same_as` is filled in."""
    sees = MATRIX["cases"][case]["sees"]
    return {name: {**sees.get(told.get("same_as"), {}), **told} for name, told in sees.items()}


def names(kind: str, sets: list[str]) -> set[str]:
    """The names that these sets of the matrix stand for; what is no set stands for itself."""
    return {name for each in sets for name in MATRIX[kind].get(each, [each])}


def does(told: dict[str, Any]) -> set[str]:
    """The acts of one relation."""
    return _acts(told["does"] if isinstance(told["does"], list) else [told["does"]])


def _acts(named: list[str]) -> set[str]:
    return {act for name in named for act in (_acts(MATRIX["does"][name]) if name in MATRIX["does"] else [name])}


def safe(told: dict[str, Any]) -> dict[str, Any]:
    """The same, without what is closed where somebody could be at risk."""
    return {
        name: fact for name, fact in told.items() if told["safety_risk"] == "no" or name not in ("post", "narrative")
    }


def concern(who: httpx.Client, **facts: Any) -> dict[str, Any]:
    """Somebody worries about a colleague's post."""
    told = {
        "kind": "concern",
        "account": HANDLE,
        "post": {"url": "https://example.org/post/1"},
        "codes": ["disrepute"],
        "narrative": "Narwhal",
        "about": {"what": "colleague", "email": "colleague@demo.example"},
        **NO_DANGER,
    } | facts
    made = who.post("/api/cases", json=safe(told))
    assert made.status_code == 201, made.text
    return made.json()


def asked(who: httpx.Client, **facts: Any) -> dict[str, Any]:
    """Somebody asks before posting."""
    told = {
        "kind": "advice",
        "account": OWN,
        "narrative": "Narwhal",
        "ask": ["media_office", "line_manager"],
        **NO_DANGER,
    } | facts
    made = who.post("/api/cases", json=safe(told))
    assert made.status_code == 201, made.text
    return made.json()


def _file(who: httpx.Client, case: dict[str, Any]) -> None:
    case["file"] = upload(who, case, picture()).json()["id"]


def _mistake(token: Token, _: Database) -> dict[str, Any]:
    return busy(token)


def _held_by_fco_services(token: Token, _: Database) -> dict[str, Any]:
    case = report(token("services"), account=OWN, codes=["copyright"], narrative="Narwhal")
    _file(token("services"), case)
    return case


def _held_by_alternate(token: Token, database: Database) -> dict[str, Any]:
    staff, digital = people(token, "staff digital")
    case = report(staff, narrative="Narwhal")
    _file(staff, case)
    for name in ("digital2", "digital"):
        press(digital, case, "conflict", person=f"{name}@demo.example", reason="They wrote the post together.")
    newcomer(database)
    return case


def newcomer(database: Database, *, joins: bool = True) -> None:
    """Somebody new joins the digital unit, or leaves it again."""
    seat = {"person_id": id_of(database, "outsider"), "desk": DeskName.DIGITAL_UNIT}
    with database.write() as db:
        db.execute(delete(DeskMember).filter_by(**seat))
        if joins:
            db.add(DeskMember(**seat, lead=False))


def edit_manager(database: Database, name: str, manager: str | None) -> None:
    """Who somebody's line manager is from now on."""
    if manager:
        edit(database, name, manager=manager)
    else:
        edit(database, name, manager_id=None)


def _conflicted(token: Token, _: Database) -> dict[str, Any]:
    staff, digital = people(token, "staff digital")
    case = report(staff, personal_data="yes", narrative="Narwhal")
    _file(staff, case)
    for desk in ("media_office", "hr", "fco_services"):
        press(digital, case, "send", desk=desk, reason="Look at this.")
    for name in ("manager", "digital2", "hr", "media", "data", "servicesdesk", "auditor"):
        press(digital, case, "conflict", person=f"{name}@demo.example", reason="A cousin.")
    return case


def _concern(token: Token, _: Database) -> dict[str, Any]:
    staff, digital = people(token, "staff digital")
    case = concern(staff, personal_data="yes")
    _file(staff, case)
    press(staff, case, "messages", text="Mackerel")
    press(digital, case, "triage", ask_for=["delete"], ask_of="services@demo.example", ask_because="It names a child.")
    for desk in ("media_office", "hr", "fco_services", "line_manager"):
        press(digital, case, "send", desk=desk, reason="Look at this.")
    for audience in ("line_manager", "digital_unit"):
        press(digital, case, "notes", text="Dab", audience=audience)
    press(digital, case, "conflict", person="digital2@demo.example", reason="A cousin.")
    return case


def _confidential(token: Token, _: Database) -> dict[str, Any]:
    staff, digital = people(token, "staff digital")
    case = concern(staff, confidential=True)
    _file(staff, case)
    press(staff, case, "messages", text="Mackerel")
    press(digital, case, "triage")
    for name in ("manager", "media"):
        press(digital, case, "conflict", person=f"{name}@demo.example", reason="A cousin.")
    for desk in ("hr", "line_manager"):
        press(digital, case, "send", desk=desk, reason="Look at this.")
    return case


def _disclosed(token: Token, _: Database) -> dict[str, Any]:
    case = concern(token("staff"), confidential=True)
    _file(token("staff"), case)
    press(token("digital2"), case, "disclose", facts=["post.url"])
    return case


def _advice(token: Token, _: Database) -> dict[str, Any]:
    case = asked(token("staff"))
    _file(token("staff"), case)
    return case


MAKES: dict[str, Callable[[Token, Database], dict[str, Any]]] = {
    "mistake": _mistake,
    "held_by_fco_services": _held_by_fco_services,
    "held_by_alternate": _held_by_alternate,
    "conflicted": _conflicted,
    "concern": _concern,
    "confidential": _confidential,
    "disclosed": _disclosed,
    "advice": _advice,
}
"""Each case of the matrix."""

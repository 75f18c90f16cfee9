"""Who the caller is."""

from typing import Any

from litestar import get
from pydantic import BaseModel

from service.web.given import Me


class PersonShown(BaseModel):
    """A person, as much as their own token tells."""

    email: str
    name: str
    zone: str
    employer: str


class DeskShown(BaseModel):
    """A seat at a desk."""

    desk: str
    lead: bool


class MeShown(PersonShown):
    """The caller: person, roles, desks."""

    person: PersonShown
    desks: list[DeskShown]
    roles: list[str]


@get("/api/me", opt={"answer": MeShown}, sync_to_thread=False)
def whoami(me: Me) -> dict[str, Any]:
    """The caller's person, roles and desks."""
    person = {"email": me.email, "name": me.name, "zone": me.zone, "employer": me.employer.value}
    return {
        **person,
        "person": person,
        "desks": [{"desk": desk.value, "lead": lead} for desk, lead in me.desks.items()],
        "roles": sorted(role.value for role in me.roles),
    }


routes = [whoami]

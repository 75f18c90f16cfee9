"""How a template reads the tables of words: a value, the name of a field, what was recorded in it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from service.core.clock import LONDON, in_zone
from service.core.saying import moment

Tables = Mapping[str, Any]
"""`service/records/field_words.py` has them; nothing of ours is imported here."""
TYPED = {"advice": "text", "messages": "text", "notes": "text", "evidence": "file"}
"""What `messages.3` is, which has no name of its own."""
TOLD_ON = "disclosed."
"""Before a fact that was told to somebody: it is called as the fact is."""


def lower_first(said: str) -> str:
    """The words as they stand after a colon or a comma; a short form such as *HR* keeps its capitals."""
    return said if said[1:2].isupper() else said[:1].lower() + said[1:]


def upper_first(said: str) -> str:
    """The words as a sentence begins with them."""
    return said[:1].upper() + said[1:]


def filters(tables: Tables, say: Callable[[datetime, str], str] = moment) -> dict[str, Callable[..., str]]:
    """`words`, `told`, `called`, `asked` and `why`, which speak by these tables, and `say` moments so."""

    def words(value: Any, what: str) -> str:
        """The plain words for a value, from the table `what`; a value it lacks loses its underscores."""
        return _said(value, tables[what])

    def told(value: Any, field: str = "", zone: str = LONDON) -> str:
        """A recorded value as people read it: yes and no, moments in `zone`, the words for such a `field`."""
        if value is None or value == "" or value == []:
            return "empty"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return ", ".join(told(each, field, zone) for each in value)
        if isinstance(value, Mapping):
            return told_together(value, zone)
        if field == "purged":
            return called(str(value))
        field = field.removeprefix(TOLD_ON)
        table = tables["spoken"].get(field) or tables["spoken"].get(field.rsplit(".", 1)[-1])
        at = None if table or not field.endswith(("_at", ".at", "_by")) else _moment_in(value, zone)
        if at is not None:
            return say(at, zone)
        return _said(value, table) if table else str(value)

    def told_together(values: Mapping[str, Any], zone: str) -> str:
        """What several fields hold, each called by its name; of one that changed, what it was changed to."""
        if "field" in values:
            return f"{called(values['field'])}: {told(values.get('after'), values['field'], zone)}"
        held = {name: value for name, value in values.items() if value not in (None, "", [], {})}
        return "; ".join(f"{called(name)}: {told(value, f'.{name}', zone)}" for name, value in held.items())

    def called(path: str) -> str:
        """What a recorded field is called: `steps.delete.taken_at` is *Delete the post: done at*."""
        fields, path = tables["fields"], path.removeprefix(TOLD_ON)
        if path in fields:
            return fields[path]
        area, _, rest = path.partition(".")
        last = TYPED[area] if area in TYPED and "." not in rest else path.rpartition(".")[2]
        name = fields.get(last) or _plain(last)
        whose = tables["whose"].get(area, {}).get(rest.partition(".")[0])
        return f"{whose}: {lower_first(name)}" if whose else upper_first(name)

    def asked(path: str) -> str:
        """What the box of a form asks for: in the question's own words where it has some, or as it is recorded."""
        return tables["boxes"].get(path) or called(path)

    def why(because: str, instead: str | None = None) -> str:
        """Why somebody was told, by the playbook's rule; one that a department has added is named as it is.

        `instead`: why it is not the person first thought of.
        """
        rule = tables["because"].get(because) or f"By the playbook’s rule “{because}”."
        return f"{rule} {tables['instead'][instead]}" if instead else rule

    return {each.__name__: each for each in (words, told, called, asked, why, lower_first, upper_first)}


def _moment_in(value: Any, zone: str) -> datetime | None:
    """The moment that is recorded, or that a box on a page took by the clock of `zone`."""
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=in_zone(at.replace(tzinfo=UTC), zone).tzinfo)


def _said(value: Any, table: Mapping[str, str]) -> str:
    return table.get(value) or _plain(str(value))


def _plain(name: str) -> str:
    return name.replace("_", " ").strip()

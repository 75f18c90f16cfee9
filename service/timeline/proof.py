"""What travels inside an exported PDF, so that a case's entries can be checked without the server.

The format is plain JSON, `{"reference", "entries": […]}`, oldest entry first. An entry that these readers may see
carries everything its hash covers, and `values` for the fields whose values still stand. Any other travels as a bare
line, `{"sequence", "hash", "previous", "withheld": true}`: the chain runs through it and it says nothing.
"""

import json
import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from service.timeline import chain

NAME = "entries.json"
WITHHELD = frozenset({"sequence", "hash", "previous", "withheld"})
SHOWN = frozenset({"position", "sequence", "kind", "at", "audience", "commitments", "previous", "hash", "values"})
HASH = re.compile(r"[0-9a-f]{64}")


def entries_json(rows: Iterable[Any], reference: str, shown_audiences: Collection[str]) -> bytes:
    """The attachment for one variant: `rows` as `entries.of_case` gives them, shown where an audience is theirs."""
    shown = set(shown_audiences)
    told = [_shown(row) if shown & set(row.audience.split()) else _withheld(row) for row in rows]
    return chain.canonical({"reference": reference, "entries": told})


def faults_in(attachment: bytes) -> list[str]:
    """Everything that is wrong with an attachment, a line each; none when every hash and the chain hold.

    It needs nothing but these bytes. Entries cut off at the end are found only by somebody who has the server's log.
    """
    try:
        told = json.loads(attachment)
        reference, entries = told["reference"], told["entries"]
        # One spelling only: with a key named twice, two readers could read two things.
        if chain.canonical(told) != attachment:
            return [f"{NAME} is not spelled as Amends spells it"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return [f"{NAME} cannot be read"]
    if not isinstance(reference, str) or not isinstance(entries, list) or set(told) != {"reference", "entries"}:
        return [f"{NAME} is not what Amends writes"]
    if not entries:
        return [f"{reference}: there are no entries"]
    faults: list[str] = []
    previous = chain.FIRST
    for place, entry in enumerate(entries, 1):
        faults += [f"{reference} entry {place}: {fault}" for fault in _faults_in(entry, reference, place, previous)]
        previous = entry.get("hash", "") if isinstance(entry, dict) else ""
    return faults


def value_faults(commitments: dict[str, str], values: dict[str, Any]) -> list[str]:
    """Values that are not the ones committed to; a commitment without its value is an erased or withheld one."""
    faults = []
    for field, value in values.items():
        if field not in commitments:
            faults.append(f"'{field}' has values that the entry does not commit to")
        elif not isinstance(value, dict) or set(value) != {"salt", "before", "after"}:
            faults.append(f"the values of '{field}' cannot be read")
        elif chain.commitment(field, value["salt"], value["before"], value["after"]) != commitments[field]:
            faults.append(f"the values of '{field}' are not the ones committed to")
    return faults


def _shown(row: Any) -> dict[str, Any]:
    return {
        "position": row.position,
        "sequence": row.sequence,
        "kind": row.kind,
        "at": chain.plain(row.at),
        "audience": row.audience,
        "commitments": row.commitments,
        "previous": row.previous,
        "hash": row.hash,
        "values": row.fields or {},
    }


def _withheld(row: Any) -> dict[str, Any]:
    return {"sequence": row.sequence, "hash": row.hash, "previous": row.previous, "withheld": True}


def _faults_in(entry: Any, reference: str, place: int, previous: str) -> list[str]:
    if not isinstance(entry, dict) or set(entry) not in (WITHHELD, SHOWN):
        return ["it is not what Amends writes"]
    faults = []
    if entry["sequence"] != place:
        faults.append(f"it says that it is number {entry['sequence']}")
    if entry["previous"] != previous:
        faults.append("it does not follow from the entry before it")
    if not isinstance(entry["hash"], str) or not HASH.fullmatch(entry["hash"]):
        faults.append("its hash is no hash")
    if "withheld" in entry:
        return faults if entry["withheld"] is True else [*faults, "it is not what Amends writes"]
    if not isinstance(entry["commitments"], dict) or not isinstance(entry["values"], dict):
        return [*faults, "it is not what Amends writes"]
    if _hash(entry, reference) != entry["hash"]:
        faults.append("its hash is not the hash of what it says")
    return faults + value_faults(entry["commitments"], entry["values"])


def _hash(entry: dict[str, Any], reference: str) -> str | None:
    try:
        at = datetime.fromisoformat(entry["at"])
        # Another spelling of the same moment is not what was exported.
        if chain.plain(at) != entry["at"]:
            return None
        names = ("position", "sequence", "kind", "audience", "commitments", "previous")
        return chain.entry_hash(reference=reference, at=at, **{name: entry[name] for name in names})
    except (ValueError, TypeError, OverflowError):
        return None

"""Writes the reference pages from the code itself: `make docs`.

`tests/house/test_docs.py` makes them anew in a folder of its own, and fails when a page here says something else.
"""

import argparse
import os
import re
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from service.app import create_app
from service.cases import lifecycle, speaking, view
from service.cases.facts import FIXED_REASONS
from service.cases.lifecycle import MOVES, SETTLED
from service.cases.policy import AT, EYES, MAY, VARIANTS, Act
from service.cases.relations import RELATIONS, Relation
from service.cli import commands
from service.core.settings import MEANING, ROOT, SHIPPED_PLAYBOOK, Settings
from service.records.enums import NoteAudience, ReferralStage, Stage, StepState
from service.referrals import life
from service.referrals import policy as room_policy
from service.steps.cannot import REASONS as CANNOT
from service.timeline.audiences import AUDIENCES
from service.web.api.openapi import describe
from service.web.deeds import DEEDS

HERE = Path(__file__).resolve().parent / "reference"
WRITTEN = "<!-- Written by docs/generate.py from the code. Change the code, then run `make docs`. -->"

# Named in the design, and not read by any code yet: setting one of these stops the start.
PLANNED = {
    "AMENDS_OIDC_ISSUER": "sign-in through an identity provider, with `_CLIENT_ID` and `_CLIENT_SECRET`",
    "AMENDS_SCIM_TOKEN": "the directory over SCIM 2.0",
    "AMENDS_CLAMD": "files scanned by ClamAV",
    "AMENDS_WITNESS_URL": "where checkpoints of the log are sent",
}
# What the desks' relations have in common is said by one function without words of its own.
STANDS = {
    Relation.DATA_PROTECTION: "Sits at the data protection desk while the case is there.",
    Relation.HR_DESK: "Sits at the HR desk while the case is there.",
}
EYE_WORDS = ("reporter", "line_manager", "digital_unit", "hr", "desk", "data_protection", "auditor")


def pages() -> dict[str, str]:
    """Every reference page by its file name."""
    made = {
        "settings.md": settings_page,
        "permissions.md": permissions_page,
        "lifecycle.md": lifecycle_page,
        "api.md": api_page,
        "commands.md": commands_page,
    }
    return {name: re.sub(r"\n{3,}", "\n\n", "\n".join(_page(make))).rstrip() + "\n" for name, make in made.items()}


def _page(make: Callable[[], Iterator[str]]) -> Iterator[str]:
    title, *rest = make()
    yield from (title, "", WRITTEN, *rest)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A Markdown table."""
    heads = list(heads)
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in row)} |"
    yield ""


def prose(said: str) -> Iterator[str]:
    """A paragraph or an item of a list, broken into lines."""
    inner = "  " if said.startswith("- ") else ""
    yield from textwrap.wrap(said, 115, subsequent_indent=inner, break_long_words=False, break_on_hyphens=False)


def first_line(said: object) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((getattr(said, "__doc__", "") or "").strip().partition("\n\n")[0].split())


def code(words: Iterable[object]) -> str:
    """Words as code, with commas between them."""
    return ", ".join(f"`{word}`" for word in words) or "–"


# --- settings ---------------------------------------------------------------------------------------------------------


def settings_page() -> Iterator[str]:
    """Every `AMENDS_*`, its default and what it means."""
    yield "# Settings"
    yield ""
    yield from prose(
        "Amends reads its settings from the environment, once, when it starts. A name that it does not "
        "know, or a value that it cannot use, stops the start with one line. The page `/settings` shows "
        "them to administrators, without secrets."
    )
    defaults = Settings()
    yield from table(
        ("Setting", "Default", "Meaning"),
        (
            (f"`AMENDS_{field.name.upper()}`", _default(getattr(defaults, field.name)), MEANING[field.name])
            for field in fields(Settings)
        ),
    )
    yield "## More about some of them"
    yield ""
    yield from prose(
        "- `AMENDS_SECRET_KEY` has to be set when the database is not SQLite. On SQLite it is made on the "
        "first start and kept beside the database in `secret_key`, readable by its owner only."
    )
    yield from prose(
        "- `AMENDS_BASE_URL`: where it is not set, `amends serve` uses the host and port that it listens "
        "at. With `https://` the cookies demand TLS."
    )
    yield "- `AMENDS_DEMO` is `1` under `make run` unless you say otherwise. Everywhere else it is off."
    yield from prose(
        "- `AMENDS_EVIDENCE_URL` with `s3://` takes its key, region and endpoint from the usual `AWS_*` "
        "variables. A relative `file://` folder is seen from the folder in which Amends was started."
    )
    yield "- `make run` and `amends serve` also read `HOST` and `PORT`."
    yield ""
    yield "## Planned"
    yield ""
    yield "These are in the design. No code reads them yet, so setting one stops the start."
    yield from table(("Setting", "For"), ((f"`{name}`", what) for name, what in PLANNED.items()))


def _default(value: object) -> str:
    if isinstance(value, bool):
        return "`1`" if value else "`0`"
    if value == str(SHIPPED_PLAYBOOK):
        return f"`{SHIPPED_PLAYBOOK.relative_to(ROOT).as_posix()}`"
    return f"`{value}`" if value else "none"


# --- permissions ------------------------------------------------------------------------------------------------------


def permissions_page() -> Iterator[str]:
    """Who may do what, at which stage, and what each reader sees."""
    yield "# Permissions"
    yield ""
    yield from prose(
        "The list, the single read, the search, the API, the PDF and the buttons all read the same tables "
        "in `service/cases/policy.py`. Why they are as they are: [who may see "
        "what](../explanation/who-may-see-what.md)."
    )
    yield ""
    yield "## How somebody stands to a case"
    yield ""
    yield from prose(
        "One person can stand in several ways at once. The reporter, the subject, and anyone named as "
        "conflicted get nothing through a desk, a manager's place or the auditor's role. What they have "
        "as the reporter remains."
    )
    yield from table(
        ("Relation", "Who", "Reads through the eyes of"),
        (
            (f"`{relation}`", STANDS.get(relation) or first_line(predicate), f"`{EYES[relation]}`")
            for relation, predicate in RELATIONS.items()
        ),
    )
    yield "## Acts"
    yield ""
    yield from prose(
        "A dot means that the relation carries the act. Whoever sees a case and lacks the act is refused "
        "with 403. An act that is not open at the case's stage is refused with 409. A token without the "
        "scope `write` carries only `view`."
    )
    yield from table(
        ("Act", "At stage", *(f"`{relation}`" for relation in Relation)),
        (
            (
                f"`{act}`",
                "any" if AT[act] == frozenset(Stage) else ", ".join(stage for stage in Stage if stage in AT[act]),
                *("●" if relation in MAY[act] else "" for relation in Relation),
            )
            for act in Act
        ),
    )
    yield from prose(
        "A button is drawn only where there is something to act on as well: for example `release` needs a "
        "step on hold, and `purge` a guarded case. Two acts ask for more than the table says:"
    )
    yield ""
    yield from prose(
        "- `name_manager`: a reporter who asked that their manager is not told cannot name another. The desk does."
    )
    yield from prose(
        "- `decide_referral`: what a routed manager decides is a proposal. It counts once the holding desk decides."
    )
    yield ""
    yield "## What is read through which eyes"
    yield ""
    yield from prose(
        "A field that a reader may not see is absent, never null. Somebody with several relations reads "
        "through all of their eyes."
    )
    every = frozenset().union(*view.VISIBLE.values())
    order = sorted(every, key=lambda name: (name not in view.META, name))
    yield from table(
        ("Field", *(f"`{eye}`" for eye in EYE_WORDS)),
        ((f"`{name}`", *("●" if name in view.VISIBLE[eye] else "" for eye in EYE_WORDS)) for name in order),
    )
    yield "Within these fields:"
    yield ""
    yield "- `reporter` is absent when the report is confidential, but on the page of whom it was revealed to."
    yield from prose(
        "- An auditor's `steps` and `routes` carry states and times, no words and no names. Their "
        "`timeline` says what kind of thing happened, and when."
    )
    yield "- A route to HR is shown only to `digital_unit`, `hr` and `auditor` eyes."
    yield from prose(
        "- `hr` tells a line manager whether a referral is suggested, and no more, unless they proposed it themselves."
    )
    yield from prose(
        "- A `resolution` of `referred` is shown only to `digital_unit` and `hr` eyes, and to a manager "
        "who proposed it."
    )
    yield ""
    yield "## The timeline"
    yield ""
    yield "Who may read an entry of each kind. Whoever wrote a note reads it always."
    readers = [*(eye for eye in EYE_WORDS if eye != "auditor"), "raiser", "subject"]
    yield from table(
        ("Kind of entry", *(f"`{eye}`" for eye in readers)),
        ((f"`{kind}`", *("●" if eye in audience else "" for eye in readers)) for kind, audience in AUDIENCES.items()),
    )
    yield from prose(
        "Entries about a route to HR are narrower: `digital_unit` and `hr` only. Of a concern, whoever raised it "
        "(`raiser`) also reads what they told themselves and their messages, in place of `reporter`; what they told is "
        "not for `line_manager`. To `raiser` and `subject` nobody at a desk is named."
    )
    yield ""
    yield "## Notes"
    yield from table(
        ("Eyes", "May write for", "May read notes for"),
        (
            (
                f"`{eye}`",
                code(name for name in NoteAudience if name in speaking.WRITES_FOR.get(eye, ())),
                code(name for name in NoteAudience if name in speaking.READS.get(eye, ())),
            )
            for eye in readers
        ),
    )
    yield "## PDF variants"
    yield from table(("Eyes", "May have"), ((f"`{eye}`", code(variants)) for eye, variants in VARIANTS.items()))
    yield "Other eyes have none."


# --- lifecycle --------------------------------------------------------------------------------------------------------


def lifecycle_page() -> Iterator[str]:
    """Stages, moves and gates."""
    yield "# The life of a case"
    yield ""
    yield from prose(
        "A move that is not here is refused with 409, never passed over. The table is `MOVES` in "
        "`service/cases/lifecycle.py`."
    )
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {Stage.REPORTED}: report"
    for (stage, move), to in MOVES.items():
        yield f"    {stage} --> {to.stage}: {move}"
    yield "```"
    yield from table(
        ("From", "Move", "To", "Needs"),
        (
            (f"`{stage}`", f"`{move}`", f"`{to.stage}`", ", ".join(f"`{gate.__name__}`" for gate in to.needs) or "–")
            for (stage, move), to in MOVES.items()
        ),
    )
    yield "## Gates"
    yield ""
    yield "A refusal names every gate that is not met, each with its field."
    gates = dict.fromkeys(gate for to in MOVES.values() for gate in to.needs)
    yield from table(("Gate", "Says"), ((f"`{gate.__name__}`", first_line(gate)) for gate in gates))
    yield "## Moves that are not open"
    yield from table(
        ("At stage", "Move", "The refusal says"),
        ((f"`{stage}`", f"`{move}`", words) for (stage, move), words in lifecycle._NOT_OPEN.items()),
    )
    yield from prose(
        "Closing a case that is only `reported` is refused as well: *Triage the case first.* The same "
        "answer names what else is missing."
    )
    yield ""
    yield "## Steps"
    yield ""
    yield from prose(
        "States that are kept; *overdue* is `due` with its moment passed, and is never kept. A step is "
        f"settled when it is {code(state for state in StepState if state in SETTLED)}."
    )
    yield from table(("State", "Settled"), ((f"`{state}`", "yes" if state in SETTLED else "no") for state in StepState))
    yield "## Referrals"
    yield ""
    yield from prose(
        "A referral to HR has a life of its own. What is not open at a stage is refused with 409 before the role is "
        "asked, and an unmet gate with 409 that names it. The table is `MOVES` in `service/referrals/life.py`. "
        "`appoint` leads from `accepted` to `fact_finding` once there is an investigator."
    )
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {ReferralStage.RECEIVED}: refer"
    yield f"    {ReferralStage.ACCEPTED} --> {ReferralStage.FACT_FINDING}: {life.Act.APPOINT}"
    for (at, act), leads in life.MOVES.items():
        if leads.stage is not at:
            yield f"    {at} --> {leads.stage}: {act}"
    yield "```"
    yield from table(
        ("At stage", "Act", "Leads to", "Needs"),
        (
            (f"`{at}`", f"`{act}`", f"`{leads.stage}`", ", ".join(f"`{gate.__name__}`" for gate in leads.needs) or "–")
            for (at, act), leads in life.MOVES.items()
            if leads.needs or leads.stage is not at
        ),
    )
    yield "Who may do what in the HR room, whatever the stage:"
    yield from table(
        ("Act", *(f"`{relation}`" for relation in room_policy.Relation)),
        (
            (f"`{act}`", *("●" if relation in room_policy.MAY[act] else "" for relation in room_policy.Relation))
            for act in life.Act
        ),
    )
    yield "Under appeal, `invite` and `hear` are the appeal hearer's; before that they are never theirs."
    yield ""
    rules = dict.fromkeys(gate for leads in life.MOVES.values() for gate in leads.needs)
    yield from table(("Gate", "Says"), ((f"`{gate.__name__}`", first_line(gate)) for gate in rules))


# --- API --------------------------------------------------------------------------------------------------------------


def api_page() -> Iterator[str]:
    """The JSON API, from its own description."""
    described = _description()
    schemas = described["components"]["schemas"]
    yield "# The JSON API"
    yield ""
    yield from prose(
        "The same as `/api/openapi.json` says, for people. A worked example is in [the "
        "tutorial](../tutorials/from-a-mistake-to-a-closed-case.md)."
    )
    yield ""
    yield "- Send `Authorization: Bearer TOKEN`. Tokens are made by `amends token create`."
    yield "- Bodies are JSON, evidence is multipart. Unknown fields are refused. A key named twice is malformed."
    yield "- Times are RFC 3339 with an offset. A time without one is refused."
    yield from prose(
        "- Refusals come in the order 401, 404, 403, 412, 422, 409, as `application/problem+json`: "
        "`type`, `title`, `status`, `detail`, and `errors: [{field, message}]`."
    )
    yield '- Writes to a case take `If-Match: "VERSION"` and answer 412 when it is stale.'
    yield "- Where `Idempotency-Key` is named, the same request with the same key finds what the first one made."
    yield '- Lists are `{"items": […], "next": CURSOR or null}`, with `cursor` and `limit` (1 to 100, else 50).'
    yield ""
    yield "## Calls"
    acts: dict[str, Act] = {f"/api/cases/{{reference}}/{deed.path.replace(':str', '')}": deed.act for deed in DEEDS}
    acts |= {"/api/cases/{reference}": Act.CHANGE_FACTS, "/api/cases/{reference}/evidence": Act.ADD_EVIDENCE}
    rows, details = [], []
    for path, methods in described["paths"].items():
        # In one order: which handler of an address Litestar names first is chance.
        for method, call in sorted(methods.items()):
            name = f"{method.upper()} {path}"
            rows.append(
                (f"`{name}`", call["summary"], _body_name(call, schemas), _answers(call, good=True), _answers(call))
            )
            act = acts.get(path) if method != "get" else None
            details.append((name, call, act))
    yield from table(("Call", "Does", "Body", "Answers", "Refuses with"), rows)
    yield "## Parameters and acts"
    yield ""
    yield "The act is what [permissions](permissions.md) names."
    yield from table(
        ("Call", "In the address", "Headers", "Act"),
        (
            (
                f"`{name}`",
                code(each["name"] for each in call["parameters"] if each["in"] == "query"),
                code(each["name"] for each in call["parameters"] if each["in"] == "header"),
                f"`{act}`" if act else "–",
            )
            for name, call, act in details
        ),
    )
    bodies = [name for name in schemas if name.endswith("In")]
    answers = [name for name in schemas if name.endswith(("Out", "Shown")) or name in ("Problem", "Complaint")]
    yield "## Bodies"
    for name in bodies:
        yield from _shape(name, schemas[name])
    upload = described["paths"]["/api/cases/{reference}/evidence"]["post"]["requestBody"]["content"]
    yield from _shape("EvidenceIn (multipart)", upload["multipart/form-data"]["schema"])
    yield "## Fixed reasons"
    yield ""
    yield from prose(
        "While the words of a guarded case are closed, `reason` is one of these. The record keeps it as a sentence. "
        f"For `steps/{{kind}}/cannot` it is one of {code(CANNOT)}."
    )
    yield from table(
        ("Call", "`reason`", "Kept as"),
        ((f"`{deed}`", f"`{name}`", said) for deed, fixed in FIXED_REASONS.items() for name, said in fixed.items()),
    )
    yield "## Answers"
    yield ""
    yield "A field that may be absent is absent where its reader may not see it."
    for name in answers:
        yield from _shape(name, schemas[name], absent=True)
    yield "## Words"
    yield from table(("Name", "One of"), ((f"`{name}`", code(s["enum"])) for name, s in schemas.items() if "enum" in s))


def _description() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite:///{folder}/none.db", evidence_url="memory://", secret_key="only-to-describe-" * 2
        )
        app = create_app(settings)
        try:
            return describe(app)
        finally:
            app.state.house.close()


def _body_name(call: dict[str, Any], schemas: dict[str, Any]) -> str:
    content = call.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return "[EvidenceIn](#evidencein-multipart)"
    ref = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
    return f"[{ref}](#{ref.lower()})" if ref and schemas[ref].get("properties") else "`{}`" if ref else "–"


def _answers(call: dict[str, Any], good: bool = False) -> str:
    if not good:
        return ", ".join(status for status in call["responses"] if status >= "300")
    said = []
    for status, answer in call["responses"].items():
        if status >= "300":
            continue
        for kind, content in answer.get("content", {}).items():
            ref = content["schema"].get("$ref", "").rpartition("/")[2]
            said.append(f"{status} [{ref}](#{ref.lower()})" if ref else f"{status} `{kind}`")
        if "content" not in answer:
            said.append(status)
    return ", ".join(said)


def _shape(name: str, schema: dict[str, Any], absent: bool = False) -> Iterator[str]:
    yield ""
    yield f"### {name}"
    yield ""
    yield schema.get("description", "").partition("\n")[0]
    properties = schema.get("properties", {})
    if not properties:
        yield ""
        return
    needed = schema.get("required", [])
    heads = ("Field", "Type", "Always there" if absent else "Must be sent")
    yield from table(
        heads, ((f"`{field}`", _type(said), "yes" if field in needed else "no") for field, said in properties.items())
    )


def _type(said: dict[str, Any]) -> str:
    if "$ref" in said:
        name = said["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name.endswith(("In", "Out", "Shown", "Complaint")) else f"`{name}`"
    if "anyOf" in said:
        return " or ".join(dict.fromkeys(_type(each) for each in said["anyOf"]))
    if "enum" in said or "const" in said:
        return code(said.get("enum", [said.get("const")]))
    if said.get("type") == "array":
        return f"list of {_type(said.get('items', {}))}" + (
            f", at most {most}" if (most := said.get("maxItems")) else ""
        )
    kind = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object", "null": "null"}
    word = kind.get(said.get("type", ""), "anything")
    if said.get("format") == "date-time":
        return "time"
    if said.get("format") == "binary":
        return "the file"
    if "maxLength" in said:
        word += f", at most {said['maxLength']:,} characters"
    if "maximum" in said:
        word += f", {said.get('minimum', 0)} to {said['maximum']:,}"
    return word


# --- commands ---------------------------------------------------------------------------------------------------------


def commands_page() -> Iterator[str]:
    """Every command with what it takes."""
    yield "# Commands"
    yield ""
    yield from prose(
        "`amends` is `.venv/bin/amends` once `make setup` has run. Exit codes: 0 done, 1 a finding or a "
        "refusal (on standard error), 2 wrong usage. Every command reads the [settings](settings.md) that "
        "it needs."
    )
    said = {name: os.environ.pop(name) for name in ("HOST", "PORT") if name in os.environ}
    try:
        parser = commands()
    finally:
        os.environ.update(said)
    for words, leaf in _leaves(parser, "amends"):
        yield ""
        yield f"## {words}"
        yield ""
        takes = [action for action in leaf._actions if not isinstance(action, argparse._HelpAction)]
        yield "```"
        yield " ".join([words, *(_usage(action) for action in takes)])
        yield "```"
        yield ""
        says = leaf.description or ""
        yield f"{says[:1].upper()}{says[1:]}."
        if takes:
            yield from table(
                ("Takes", "Default", "Meaning"),
                ((_takes(action), _otherwise(action), action.help or "–") for action in takes),
            )
    yield ""
    yield "## Planned"
    yield ""
    yield from prose(
        "`amends report`, `amends backup`, `amends restore` and `amends person-export` are in the design. "
        "They are not there yet."
    )


def _leaves(parser: argparse.ArgumentParser, words: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield words, parser
    for group in groups:
        for name, inner in group.choices.items():
            yield from _leaves(inner, f"{words} {name}")


def _value(action: argparse.Action) -> str:
    if action.choices:
        return "|".join(map(str, action.choices))
    return str(action.metavar or action.dest.upper())


def _usage(action: argparse.Action) -> str:
    word = " ".join((action.option_strings[0], _value(action))) if action.option_strings else _value(action)
    if action.option_strings and action.nargs == 0:
        word = action.option_strings[0]
    optional = not action.required if action.option_strings else action.nargs == "?"
    return f"[{word}]" if optional else word


def _takes(action: argparse.Action) -> str:
    flag = action.option_strings[0] if action.option_strings else ""
    value = "" if action.nargs == 0 else _value(action)
    return f"`{' '.join(part for part in (flag, value) if part)}`"


def _otherwise(action: argparse.Action) -> str:
    if action.required:
        return "must be given"
    return f"`{action.default}`" if action.default not in (None, False) else "–"


def write(folder: Path = HERE) -> list[Path]:
    """Write every page into a folder; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in pages().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


if __name__ == "__main__":
    for written in write():
        sys.stdout.write(f"{written.relative_to(ROOT)}\n")

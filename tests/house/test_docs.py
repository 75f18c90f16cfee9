"""The documents say what the code does: reference pages are made from it, links lead somewhere, words are explained."""

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest

from service.cases.lifecycle import Move
from service.core.settings import ROOT, Settings
from service.records.enums import DeskName, Kind, Resolution, Severity, Stage, StepKind, StepState

DOCS = ROOT / "docs"
READ = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")])
GLOSSARY = DOCS / "explanation" / "glossary.md"
VOCABULARY = (
    "Case, Kind, Reporter, Subject, Step, Playbook, Desk, Route, Triage, Advice, Referral, Outcome, Evidence, "
    "TimelineEntry, Audience, Act, Move, Refusal"
).split(", ")
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py, which is a script and no part of a package."""
    said = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert said is not None
    assert said.loader is not None
    module = importlib.util.module_from_spec(said)
    said.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_code_says(generate, tmp_path):
    made = {path.name: path.read_text(encoding="utf-8") for path in generate.write(tmp_path)}
    kept = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md")}
    assert kept.keys() == made.keys()
    other = [name for name, text in made.items() if kept[name] != text]
    assert not other, f"These pages say something else than the code: {other}. Run: make docs"


def links(page: Path) -> Iterator[str]:
    """Every link of a page that leads to a place of ours."""
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", target):
            yield target


def places(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made where Markdown is shown."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", READ, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    for target in links(page):
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target} is not there"
        assert there.is_relative_to(ROOT), f"{target} leads out of the repository"
        if anchor and there.suffix == ".md":
            assert anchor in places(there), f"{target}: there is no such heading"


def test_every_page_can_be_reached_from_the_front():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        found = {(page.parent / target.partition("#")[0]).resolve() for target in links(page)}
        waiting += [there for there in found if there.suffix == ".md" and there not in reached]
    assert set(READ) <= reached


def test_the_glossary_is_complete():
    text = GLOSSARY.read_text(encoding="utf-8")
    explained = {word for words in re.findall(r"^\*\*([^*]+)\*\* – ", text, re.MULTILINE) for word in words.split(", ")}
    assert not set(VOCABULARY) - explained
    for words in (Kind, Stage, Severity, StepKind, StepState, DeskName, Resolution, Move):
        assert not [word for word in words if f"`{word}`" not in text], words


def test_no_document_names_a_setting_that_is_not_there(generate):
    known = {f"AMENDS_{field.name.upper()}" for field in fields(Settings)}
    assert not known & generate.PLANNED.keys()
    for page in READ:
        named = set(re.findall(r"AMENDS_[A-Z_]+[A-Z]", page.read_text(encoding="utf-8")))
        assert named <= known | generate.PLANNED.keys(), page


def test_no_document_names_a_file_that_is_not_there():
    ours = re.compile(r"`((?:service|tests|migrations|docs|templates)/[\w./-]+)`")
    for page in READ:
        for named in ours.findall(page.read_text(encoding="utf-8")):
            assert (ROOT / named).exists(), f"{page.relative_to(ROOT)} names {named}"


def test_the_floors_are_those_that_the_linter_holds():
    held = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    stair = next(contract["layers"] for contract in held if contract["id"] == "stair")
    floors = {
        room.strip(" ()"): len(stair) - step
        for step, rooms in enumerate(stair)
        for room in rooms.split("|")
        if "(" not in room or list((ROOT / "service" / room.strip(" ()")).glob("*.py"))
    }
    told = re.findall(r"^\| (\d+) \| `(\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(floor) for floor, name in told} == floors


def test_decisions_are_short_and_numbered_without_gaps():
    records = sorted((DOCS / "decisions").glob("0*.md"))
    assert [record.name[:4] for record in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(record.name[:4])}. ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequence"]
        assert len(text.splitlines()) <= 40

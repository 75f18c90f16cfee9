"""A CSV file of people, read row by row; what is wrong is named by row and column, and nothing is guessed."""

import csv
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from service.core.clock import zone_exists
from service.core.errors import FieldError, Invalid
from service.records.enums import DeskName, Employer, Engagement

COLUMNS = (
    "email",
    "name",
    "unit",
    "zone",
    "employer",
    "engagement",
    "manager_email",
    "deputy_email",
    "desks",
    "active",
)
LONGEST = 300
# One @, no spaces, a dot or not after it: an address inside a department need not have one.
ADDRESS = re.compile(r"[^@\s<>,;:\"()]+@[^@\s<>,;:\"()]+")
YES = frozenset({"1", "true", "yes", "y", "active"})
NO = frozenset({"0", "false", "no", "n", "inactive", "left"})

Word = TypeVar("Word", bound=StrEnum)


@dataclass
class Row:
    """One person as the file describes them. `number` counts the heading as row 1; None is a blank."""

    number: int
    email: str
    name: str
    unit: str | None = None
    zone: str | None = None
    employer: Employer | None = None
    engagement: Engagement | None = None
    manager_email: str | None = None
    deputy_email: str | None = None
    desks: dict[DeskName, bool] = field(default_factory=dict)
    active: bool | None = None

    def fault(self, column: str, message: str) -> FieldError:
        """Something wrong in this row."""
        return _fault(self.number, column, message)


def read_rows(text: str | bytes) -> tuple[list[Row], list[FieldError]]:
    """The people in a file and everything that is wrong with it, apart from what only the directory knows.

    Takes UTF-8 with or without a byte order mark, any line ends, and commas, semicolons or tabs between columns.
    Raises Invalid when it is not such a file at all.
    """
    lines = _table(_decoded(text))
    heading = [name.strip().lower() for name in lines[0]] if lines else []
    faults = _faults_of_heading(heading)
    if faults:
        raise Invalid("Nothing was imported: the heading of the file is wrong.", faults)
    rows: list[Row] = []
    first: dict[str, int] = {}
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(heading):
            faults.append(_fault(number, "row", f"there are {len(cells)} columns in place of {len(heading)}"))
            continue
        row = _row(number, dict(zip(heading, (cell.strip() for cell in cells), strict=True)), faults)
        if row.email and row.email in first:
            faults.append(row.fault("email", f"{row.email} stands in row {first[row.email]} already"))
        first.setdefault(row.email, number)
        rows.append(row)
    if not rows and not faults:
        faults.append(FieldError("file", "There is nobody in the file"))
    return rows, faults


def _decoded(text: str | bytes) -> str:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as wrong:
            message = f"The file is not UTF-8 (byte {wrong.start + 1}). Save it as CSV UTF-8."
            raise Invalid(message, [FieldError("file", message)]) from wrong
    return text.removeprefix("\ufeff")


def _table(text: str) -> list[list[str]]:
    # A spreadsheet writes whatever its language uses between columns; no heading of ours holds any of them.
    heading = text.lstrip("\r\n").partition("\n")[0]
    between = max(",;\t", key=heading.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True))
    except csv.Error as wrong:
        message = f"The file cannot be read as CSV: {wrong}"
        raise Invalid(message, [FieldError("file", message)]) from wrong


def _faults_of_heading(heading: list[str]) -> list[FieldError]:
    faults = [_fault(1, name, "this column is missing") for name in COLUMNS if name not in heading]
    faults += [
        _fault(1, name or "(blank)", "this is not a column of people") for name in heading if name not in COLUMNS
    ]
    return faults + [_fault(1, name, "this column stands twice") for name in COLUMNS if heading.count(name) > 1]


def _row(number: int, cells: Mapping[str, str], faults: list[FieldError]) -> Row:
    def wrong(column: str, message: str) -> None:
        faults.append(_fault(number, column, message))

    for column, cell in cells.items():
        if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in cell):
            wrong(column, "it holds a control character")
        if len(cell) > LONGEST:
            wrong(column, f"it is longer than {LONGEST} characters")
    row = Row(number, email=cells["email"].lower(), name=cells["name"], unit=cells["unit"] or None)
    row.manager_email, row.deputy_email = cells["manager_email"].lower() or None, cells["deputy_email"].lower() or None
    if not row.name:
        wrong("name", "the name is missing")
    if not row.email:
        wrong("email", "the address is missing")
    for column in ("email", "manager_email", "deputy_email"):
        address = getattr(row, column)
        if address and not ADDRESS.fullmatch(address):
            wrong(column, "this is not an address such as name@department.example")
        elif address and column != "email" and address == row.email:
            wrong(column, "nobody is their own manager or deputy")
    if cells["zone"]:
        row.zone = cells["zone"]
        if not zone_exists(row.zone):
            wrong("zone", f"'{row.zone[:60]}' is not a zone of the IANA database, such as Europe/London")
    row.employer = _word(Employer, "employer", cells, wrong)
    row.engagement = _word(Engagement, "engagement", cells, wrong)
    row.desks = _desks(cells["desks"], wrong)
    if cells["active"]:
        row.active = cells["active"].lower() in YES
        if cells["active"].lower() not in YES | NO:
            wrong("active", "write yes or no")
    return row


def _word(words: type[Word], column: str, cells: Mapping[str, str], wrong: Any) -> Word | None:
    said = cells[column].lower().replace(" ", "_")
    if said and said not in set(words):
        wrong(column, f"'{cells[column][:60]}' is none of {', '.join(words)}")
        return None
    return words(said) if said else None


def _desks(said: str, wrong: Any) -> dict[DeskName, bool]:
    desks: dict[DeskName, bool] = {}
    for seat in re.split(r"[;\s]+", said.lower()):
        if not seat:
            continue
        name, _, rank = seat.partition(":")
        if name == DeskName.LINE_MANAGER:
            wrong("desks", "line_manager is not a desk to sit at: say whose manager somebody is in their own row")
        elif name not in set(DeskName):
            seats = ", ".join(desk for desk in DeskName if desk is not DeskName.LINE_MANAGER)
            wrong("desks", f"'{name[:60]}' is none of {seats}")
        elif rank not in ("", "lead"):
            wrong("desks", f"'{rank[:60]}' is not a rank: write {name}:lead for whoever leads it")
        elif DeskName(name) in desks:
            wrong("desks", f"{name} stands twice")
        else:
            desks[DeskName(name)] = rank == "lead"
    return desks


def _fault(number: int, column: str, message: str) -> FieldError:
    return FieldError(f"row {number}, {column}", message)

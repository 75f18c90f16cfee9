"""Tables as CSV and XLSX, a row at a time: memory stays flat, and no cell is ever a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import IO, Any

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the beginning of a formula (OWASP, CSV injection); the wide ones in East Asia."""
WIDEST = 40


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before what could begin one."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(STARTS) else cell


def write(kind: str, heading: Sequence[str], rows: Iterable[Sequence[str]], to: IO[bytes]) -> None:
    """Write a table as `csv` (UTF-8 with a mark for spreadsheets, RFC 4180) or `xlsx`; every cell is text."""
    (_write_csv if kind == "csv" else _write_xlsx)(heading, rows, to)


def _write_csv(heading: Sequence[str], rows: Iterable[Sequence[str]], to: IO[bytes]) -> None:
    # Spreadsheets read a file without this mark in whatever code page the machine has.
    text = io.TextIOWrapper(to, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(heading)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    text.detach()


def _write_xlsx(heading: Sequence[str], rows: Iterable[Sequence[str]], to: IO[bytes]) -> None:
    # Here, since only an export needs it, and a start should not.
    import xlsxwriter

    told: dict[str, Any] = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(to, told | {"strings_to_numbers": False}) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        for column, name in enumerate(heading):
            sheet.set_column(column, column, min(WIDEST, max(12, len(name) + 2)))
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(heading):
            sheet.write_string(0, column, name, bold)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if cell:
                    sheet.write_string(number, column, harmless(cell))

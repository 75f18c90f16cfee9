"""What PDF/UA asks for and WeasyPrint 70 leaves out, added to a file before it is written.

Works on the objects of the file alone (`pydyf`, which every PDF of WeasyPrint is made of). Each part says what it
mends, and the tests check each in a finished file, so that an upgrade that changes these objects is noticed.
"""

from typing import Any

import pydyf  # type: ignore[import-untyped]  # it ships no types

# Between letters, and without width: what a glyph is copied as when its letter was copied with its neighbour.
NO_WIDTH = b"<200B>"


def finish(pdf: pydyf.PDF) -> None:
    """Mend the tags, fonts and attachments of a file that is laid out and not yet written."""
    elements = {one.number: one for one in pdf.objects if _is(one, "/StructElem")}
    _scope_headers(elements)
    _leave_out_running_lines(pdf, elements)
    _map_every_glyph(pdf)
    _associate_files(pdf)


def _scope_headers(elements: dict[int, Any]) -> None:
    """Say of each header cell whether it heads a column or a row: WeasyPrint links cells to headers, page by page.

    In these documents a header outside `thead` heads its row.
    """
    for one in elements.values():
        if one["S"] == "/TH":
            group = elements[_number(elements[_number(one["P"])]["P"])]
            one["A"]["Scope"] = "/Column" if group["S"] == "/THead" else "/Row"


def leave_out_header_names(pdf: pydyf.PDF) -> None:
    """Take out the names by which cells know their headers: those of two leaves of a bundle would be the same.

    Each header says its scope by then, which is enough (ISO 14289-1, 7.5).
    """
    for one in pdf.objects:
        if _is(one, "/StructElem") and one["S"] in ("/TH", "/TD"):
            one.pop("ID", None)
            one.get("A", {}).pop("Headers", None)


def _leave_out_running_lines(pdf: pydyf.PDF, elements: dict[int, Any]) -> None:
    """Mark headers and footers as pagination (ISO 14289-1, 7.8): WeasyPrint tags them and then hangs them nowhere."""
    root = next(one for one in pdf.objects if _is(one, "/StructTreeRoot"))
    reached: set[int] = set()
    waiting = [_number(child) for child in root["K"]]
    while waiting:
        number = waiting.pop()
        if number in elements and number not in reached:
            reached.add(number)
            waiting.extend(_number(child) for child in elements[number]["K"] if isinstance(child, bytes))
    tree = pdf.objects[_number(root["ParentTree"])]["Nums"]
    for page_index, reference in enumerate(pdf.page_references):
        page = pdf.objects[_number(reference)]
        adrift = {
            mark
            for number, one in elements.items()
            if number not in reached and one["Pg"] == reference
            for mark in one["K"]
            if isinstance(mark, int)
        }
        operations = pdf.objects[_number(page["Contents"])].stream
        for place, one in enumerate(operations):
            if isinstance(one, pydyf.Dictionary) and one.get("MCID") in adrift:
                operations[place - 1] = b"/Artifact"
                operations[place] = pydyf.Dictionary({"Type": "/Pagination"})
        marks = tree[2 * page_index + 1]
        for mark in adrift:
            marks[mark] = "null"


def _map_every_glyph(pdf: pydyf.PDF) -> None:
    """Give every glyph a character (ISO 14289-1, 7.21.7), also the second one of two that make one letter."""
    for one in pdf.objects:
        if isinstance(one, pydyf.Stream):
            for place, line in enumerate(one.stream):
                if isinstance(line, bytes) and line.endswith(b" <>"):
                    one.stream[place] = line[:-2] + NO_WIDTH


def _associate_files(pdf: pydyf.PDF) -> None:
    """Say in the catalog that the attachments belong to the document: WeasyPrint does so for PDF/A only."""
    files = [one for one in pdf.objects if _is(one, "/Filespec")]
    for one in files:
        one["AFRelationship"] = "/Data"
    if files:
        pdf.catalog["AF"] = pydyf.Array([one.reference for one in files])


def _is(one: Any, kind: str) -> bool:
    return isinstance(one, pydyf.Dictionary) and one.get("Type") == kind


def _number(reference: bytes) -> int:
    return int(reference.split()[0])

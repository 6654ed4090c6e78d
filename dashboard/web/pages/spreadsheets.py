"""Lists as CSV: made in small pieces, readable by Excel and LibreOffice, and free of formulas.

A cell that a spreadsheet would change gets a leading quote: one that begins like a formula, and a number that would
lose leading zeros or trailing digits. So does a cell that begins with a quote itself. A program that reads the file
removes one leading quote and has exactly what was stored.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from flask import Response

from dashboard.web.pages.answers import json_time
from dashboard.web.pages.downloads import text_download

#: What begins a formula in one spreadsheet or another; the wide forms do so in Japanese editions.
FORMULA_SIGNS = "-=+@\t\r\n＝＋－＠"  # within a pattern's brackets the hyphen comes first
QUOTE = "'"
#: What a spreadsheet turns into another number: 0810 becomes 810, 1E5 100000, and 12 digits become 2.22123E+11.
CHANGED_NUMBER = r"\s*(?:0\d+|\d{12,}|\d+(?:\.\d*)?[eE]\d+)\s*\Z"
CHANGED = re.compile(f"[{FORMULA_SIGNS}{QUOTE}]|{CHANGED_NUMBER}")
#: Without it Excel reads the file in the machine's encoding.
BYTE_ORDER_MARK = codecs.BOM_UTF8.decode()
ROWS_IN_A_PIECE = 100


def defused(value: Any) -> str:
    text = "" if value is None else str(json_time(value) if isinstance(value, datetime) else value)
    return QUOTE + text if CHANGED.match(text) else text


def csv_pieces(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yields the file, some rows at a time. Every cell is quoted, so that a separator inside begins no new cell."""
    piece = io.StringIO(BYTE_ORDER_MARK, newline="")
    piece.seek(0, io.SEEK_END)
    writer = csv.writer(piece, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    for number, row in enumerate(rows, start=1):
        writer.writerow([defused(value) for value in row])
        if number % ROWS_IN_A_PIECE == 0:
            yield piece.getvalue()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue()


def csv_answer(file_name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    return text_download(file_name, "text/csv", csv_pieces(header, rows))

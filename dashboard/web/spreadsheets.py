"""Lists as CSV: streamed in small pieces, and no cell that a spreadsheet would take for a formula.

A cell that begins with a sign of a formula gets a quote in front, and so does one that begins with a quote itself: so
whoever reads the file with a program takes one leading quote away and has just what was stored.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from flask import Response

#: What begins a formula in one spreadsheet or another; the wide forms do so where Japanese is spoken.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
QUOTE = "'"
ROWS_IN_A_PIECE = 100


def defused(value: Any) -> str:
    text = "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
    return QUOTE + text if text.startswith((*FORMULA_SIGNS, QUOTE)) else text


def csv_pieces(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The file, some rows at a time; every cell in quotes, so that no separator inside begins a cell of its own."""
    piece = io.StringIO(newline="")
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
    return download(file_name, "text/csv", csv_pieces(header, rows))


def download(file_name: str, mimetype: str, pieces: Iterable[str]) -> Response:
    """A file that is made while it is sent, so that its length costs no memory. The request is over by then."""
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return Response(iter(pieces), mimetype=mimetype, headers=headers)

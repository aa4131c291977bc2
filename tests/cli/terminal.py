"""A terminal, as far as the view of a deployment needs one: what is seen, and what has gone beyond its upper edge."""

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

CODE = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


class Terminal:
    """Text goes where the cursor is; the cursor cannot go up beyond the edge."""

    def __init__(self, width: int, height: int) -> None:
        """It is empty."""
        self.width, self.height = width, height
        self.lines = [""]
        self.colours: set[str] = set()
        self._styles: list[list[str]] = [[]]
        self._style = ""
        self._row = self._column = 0

    def styled(self) -> list[str]:
        """The lines with their colours, as a program would send them that draws nothing twice."""
        return ["".join(_sent(*line)) for line in zip(self.lines, self._styles, strict=True)]

    def isatty(self) -> bool:
        """It is one."""
        return True

    def flush(self) -> None:
        """All is there at once."""

    def write(self, text: str) -> int:
        """Take what a program sends."""
        for match in CODE.finditer(text):
            arguments, code, move, words = match.groups()
            if words:
                self._put(words)
            elif move:
                self._move(move)
            else:
                self._obey(arguments, code)
        return len(text)

    def _put(self, words: str) -> None:
        line = self.lines[self._row].ljust(self._column)
        styles = self._styles[self._row] + [""] * (len(line) - len(self._styles[self._row]))
        end = self._column + len(words)
        assert end <= self.width, words
        self.lines[self._row] = line[: self._column] + words + line[end:]
        self._styles[self._row] = [*styles[: self._column], *[self._style] * len(words), *styles[end:]]
        self._column = end

    def _move(self, move: str) -> None:
        self._column = 0
        if move == "\n":
            self._row += 1
            if self._row == len(self.lines):
                self.lines.append("")
                self._styles.append([])

    def _obey(self, arguments: str, code: str) -> None:
        if code == "A":
            top = max(0, len(self.lines) - self.height)
            self._row = max(top, self._row - int(arguments or 1))
        elif code == "K":
            self.lines[self._row], self._styles[self._row] = "", []
        elif code == "m":
            self._style = "" if arguments in ("", "0") else ";".join(filter(None, (self._style, arguments)))
            # 0, bold and dim are no colours.
            self.colours |= {one for one in arguments.split(";") if one not in ("", "0", "1", "2")}


def _sent(line: str, styles: list[str]) -> Iterator[str]:
    for style, run in groupby(zip(line, styles, strict=True), key=itemgetter(1)):
        words = "".join(letter for letter, _ in run)
        yield f"\x1b[{style}m{words}\x1b[0m" if style else words

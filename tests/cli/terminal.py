"""A terminal, as far as the view of a deployment needs one: what is seen, and what has gone beyond its upper edge."""

import re

CODE = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


class Terminal:
    """Text goes where the cursor is; the cursor cannot go up beyond the edge."""

    def __init__(self, width: int, height: int) -> None:
        """It is empty."""
        self.width, self.height = width, height
        self.lines = [""]
        self.colours: set[str] = set()
        self._row = self._column = 0

    def isatty(self) -> bool:
        """It is one."""
        return True

    def flush(self) -> None:
        """All is there at once."""

    def write(self, text: str) -> int:
        """Take what a program sends."""
        for found in CODE.finditer(text):
            arguments, code, move, words = found.groups()
            if words:
                self._put(words)
            elif move:
                self._move(move)
            else:
                self._obey(arguments, code)
        return len(text)

    def _put(self, words: str) -> None:
        line = self.lines[self._row].ljust(self._column)
        assert self._column + len(words) <= self.width, words
        self.lines[self._row] = line[: self._column] + words + line[self._column + len(words) :]
        self._column += len(words)

    def _move(self, move: str) -> None:
        self._column = 0
        if move == "\n":
            self._row += 1
            self.lines += [""] * (self._row + 1 - len(self.lines))

    def _obey(self, arguments: str, code: str) -> None:
        if code == "A":
            top = max(0, len(self.lines) - self.height)
            self._row = max(top, self._row - int(arguments or 1))
        elif code == "K":
            self.lines[self._row] = ""
        elif code == "m":
            # 0, bold and dim are no colours.
            self.colours |= {one for one in arguments.split(";") if one not in ("", "0", "1", "2")}

"""Draws docs/pictures/deploy.svg: what `chatdb deploy` shows in a terminal of 100 columns while a tier is stuck.

The view is the real one; it is told of the catalogue's components, and of the reason that a missing image gives.
"""

import io
import re

from frames import HELD
from repository import ROOT
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from constructs_lib.deploy.view import as_table

FILE = ROOT / "docs/pictures/deploy.svg"
WIDTH = 100


def svg() -> str:
    """The picture; it names no font of another host."""
    console = Console(file=io.StringIO(), record=True, width=WIDTH, force_terminal=True, _environ={})
    console.print("[bold]$ chatdb deploy", highlight=False)
    console.print(as_table(HELD, WIDTH))
    drawn = console.export_svg(title="chatdb deploy", theme=DIMMED_MONOKAI, unique_id="deploy")
    plain = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in plain.splitlines()) + "\n"


if __name__ == "__main__":
    FILE.write_text(svg(), encoding="utf-8")

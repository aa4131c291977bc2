"""What a person sees of a deployment, on terminals of several sizes, and in a log."""

import html
import io
import re
from collections.abc import Sequence
from typing import IO, cast

import pytest
from rich.console import Console

from chatdb.deploy.rollout import Line
from chatdb.deploy.view import view
from tests.cli.frames import BEGINS, ENDS, HELD, ROWS, WORDS
from tests.cli.terminal import Terminal
from tests.repository import ROOT

SIZES = ((80, 24), (120, 40), (50, 24), (80, 12))
NAMES = [component.name for _, component in ROWS]
PICTURES = {
    "deploy": ("ready", "rolling out", "waiting"),
    "deploy-stuck": ("can't be pulled", "build it and load it: `chatdb images --build`"),
}
"""What is said in each."""
Frames = Sequence[Sequence[Line]]


def shown(terminal: Terminal, frames: Frames, **environment: str) -> list[list[str]]:
    """Plays the frames; all lines of the terminal after each of them, and at the end."""
    console = Console(
        file=cast("IO[str]", terminal),
        width=terminal.width,
        height=terminal.height,
        _environ={"TERM": "xterm-256color", "COLORTERM": "truecolor", **environment},
    )
    seen = []
    with view(console) as tell:
        for frame in frames:
            tell(frame)
            seen.append([line.rstrip() for line in terminal.lines])
    return [*seen, [line.rstrip() for line in terminal.lines]]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_is_left_behind(size: tuple[int, int]) -> None:
    """While it lives it is no higher than the terminal, and at the end there is one table, with each component once."""
    *alive, end = shown(Terminal(*size), [*BEGINS, HELD])
    assert all(len(lines) <= size[1] for lines in alive)
    assert sum("component " in line for line in end) == 1
    for name in NAMES:
        assert sum(bool(re.search(rf"\b{name} +(waiting|rolling|ready)", line)) for line in end) == 1, name


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_reason_is_whole(size: tuple[int, int]) -> None:
    """No word of why a tier is stuck is cut."""
    end = shown(Terminal(*size), [HELD])[-1]
    seen = "".join("".join(line.split()) for line in end)
    assert "".join(WORDS.split()) in seen


def test_tiers_that_are_done_are_folded_first() -> None:
    """Where there is no room for all, a tier that is ready is one line; what is rolled out and what waits is told."""
    live = shown(Terminal(80, 24), [HELD])[0]
    assert "foundation  3 components" in "\n".join(live)
    assert any("locust-worker" in line for line in live)
    assert any("can't be pulled" in line for line in live)


def test_tiers_that_wait_are_folded_next() -> None:
    """On a very low terminal they are one line each, too."""
    live = shown(Terminal(120, 16), [HELD])[0]
    assert "testing     4 components" in "\n".join(live)
    assert any("can't be pulled" in line for line in live)


def test_nothing_is_folded_where_there_is_room() -> None:
    """Each component has its line."""
    assert not any("components" in line for line in shown(Terminal(120, 40), [HELD])[0])


def test_no_color() -> None:
    """With NO_COLOR the words alone say the state; without it there are colours."""
    plain, coloured = Terminal(80, 24), Terminal(80, 24)
    shown(plain, [HELD], NO_COLOR="1")
    shown(coloured, [HELD])
    assert plain.colours == set()
    assert coloured.colours == {"32", "33"}


def test_dumb_terminals_have_lines() -> None:
    """A terminal without a cursor that goes up is told of changes, as a log is."""
    terminal = Terminal(200, 24)
    end = shown(terminal, [BEGINS[0], ENDS], TERM="dumb")[-1]
    assert any(line.endswith("platform/credentials rolling out: 0 of 1 ready") for line in end)
    assert [name for name in NAMES if not any(line.endswith(f"/{name} ready") for line in end)] == []


def test_logs_have_lines() -> None:
    """Where nobody looks each change is a line; waiting is none."""
    out = io.StringIO()
    with view(Console(file=out, width=40)) as tell:
        tell(BEGINS[0])
        tell(BEGINS[0])
        tell(ENDS)
    assert "waiting" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == len(NAMES) + 1


@pytest.mark.parametrize(("name", "told"), PICTURES.items(), ids=list(PICTURES))
def test_picture(name: str, told: Sequence[str]) -> None:
    """What was recorded names tiers and components that there are, and says what it is shown for; no host is asked."""
    text = (ROOT / f"docs/pictures/{name}.svg").read_text()
    parts = re.findall(r"<text[^>]*>(.*?)</text>", html.unescape(text).replace("\xa0", " "), re.DOTALL)
    words = "".join(parts)
    seen = re.findall(r"([a-z-]+) +(?:waiting|rolling out|ready) ", words)
    assert seen and set(seen) <= set(NAMES)
    assert [one for one in told if one not in " ".join(words.split())] == []
    assert "url(http" not in text


def test_styles_are_kept() -> None:
    """What a terminal has drawn last is what is taken of it: words, their colours, and nothing that was drawn over."""
    terminal = Terminal(20, 4)
    terminal.write("\x1b[2mold words\x1b[0m\nsecond\x1b[1A\r\x1b[2K\x1b[1;32mnew\x1b[0m end")
    assert terminal.styled() == ["\x1b[1;32mnew\x1b[0m end", "second"]


def test_text_is_above_the_table() -> None:
    """It is drawn anew with the table, which is folded until both fit; at the end both are whole."""
    terminal = Terminal(80, 24)
    console = Console(file=cast("IO[str]", terminal), width=80, height=24, _environ={"TERM": "xterm-256color"})
    with view(console) as show:
        show(HELD, "first cause\n  its fix")
        show(HELD, "second cause\n  its fix")
        alive = [line.rstrip() for line in terminal.lines]
    end = [line.rstrip() for line in terminal.lines]
    assert len(alive) <= 24
    assert alive[:2] == end[:2] == ["second cause", "  its fix"]
    assert not any("first cause" in line for line in end)
    assert [name for name in NAMES if not any(name in line for line in end)] == []


def test_new_lines_of_the_text_are_logged() -> None:
    """What was said before is not said again, as long as it is still there."""
    out = io.StringIO()
    with view(Console(file=out, width=80)) as show:
        show((), "one\ntwo")
        show((), "one\nthree")
        show((), "two")
    assert [line.partition(" s  ")[2] for line in out.getvalue().splitlines()] == ["one", "two", "three", "two"]

"""docs/scale.md names constants with their values, and the work that the benchmark measures."""

import re

import scaling

from tests.repository import ROOT

PAGE = scaling.PAGE.read_text(encoding="utf-8")
CONSTANT = re.compile(r"`(\w+ = [^`]+)` in\s`([^`]+)`")


def test_constants_are_those_of_the_code() -> None:
    """Each is a line of the file that the page names."""
    named = CONSTANT.findall(PAGE)
    assert len(named) > 7
    for line, file in named:
        assert line in (ROOT / file).read_text(encoding="utf-8").splitlines(), f"{file} has no line {line}"


def test_table_has_all_work() -> None:
    """A part that was added, or has another name, is measured again: make bench-scale."""
    table = PAGE.partition("<!-- scaling -->")[2].partition("<!-- /scaling -->")[0]
    assert [name for name in scaling.WORK if f"| {name} " not in table] == []

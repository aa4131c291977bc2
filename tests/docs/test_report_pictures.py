"""The pictures of a report: each that is taken is shown, and no other."""

import re

from tests.repository import ROOT
from tools.report_pictures import PICTURES

MOST_BYTES = 250_000


def test_each_picture_is_shown() -> None:
    """In the page about it, and of a moderate size."""
    shown = re.findall(r"\(pictures/([\w-]+)\.png\)", (ROOT / "docs/report.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(PICTURES)
    assert {path.stem for path in (ROOT / "docs/pictures").glob("report*.png")} == {*PICTURES}
    sizes = {name: (ROOT / f"docs/pictures/{name}.png").stat().st_size for name in PICTURES}
    assert {name: size for name, size in sizes.items() if not 0 < size < MOST_BYTES} == {}

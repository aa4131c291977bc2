"""Generated sections of pages are replaced, and a page without exactly one such section is refused."""

from pathlib import Path

import pytest

from tools import sections

PAGE = "before\n<!-- a -->\nold\n<!-- /a -->\nafter\n<!-- b -->\nother\n<!-- /b -->\n"


def test_only_the_section_is_replaced(tmp_path: Path) -> None:
    """The other section and all around stay; a second time changes nothing."""
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    for _ in range(2):
        sections.fill(page, "a", r"new \1")
        assert page.read_text() == PAGE.replace("old", r"new \1")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no sections\n", "is missing"),
        (PAGE.replace("<!-- a -->\n", ""), "is missing"),
        (PAGE.replace("<!-- /a -->\n", ""), "is not closed"),
        ("<!-- /a -->\n<!-- a -->\n", "is not closed"),
        (PAGE + PAGE, "is there twice"),
        (PAGE.replace("old", "<!-- a -->"), "is there twice"),
        (PAGE.replace("after", "<!-- /a -->"), "is there twice"),
    ],
)
def test_broken_sections_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    """The error names page and section, and the page is left as it is."""
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(SystemExit) as refused:
        sections.fill(page, "a", "new")
    assert str(refused.value).startswith(f'{page}: section "a" {reason}.')
    assert page.read_text() == text

"""The documentation site builds without warnings, has every page, and loads nothing from other hosts."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repository import ROOT

CONFIG = "mkdocs.yml"
LOADED = re.compile(r"<(?:script|img|iframe)[^>]* src=\"?(?:https?:)?//|<link[^>]* rel=\"?style[^>]*(?:https?:)?//")
"""An element that a browser fetches from another host."""


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Builds the site in a copy of the repository's pages."""
    command = [str(ROOT / ".tools/site/bin/zensical"), "build", "--strict", "--config-file", CONFIG]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A copy of what the site is built from."""
    shutil.copy(ROOT / CONFIG, tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    return tmp_path


def test_site_builds(pages: Path) -> None:
    """Each page becomes HTML, and no element is fetched from another host."""
    done = build(pages)
    assert done.returncode == 0, done.stdout + done.stderr
    built = pages / ".tools/docs-site"
    for page in pages.glob("docs/**/*.md"):
        html = (built / page.relative_to(pages / "docs").with_suffix(".html")).read_text("utf-8")
        assert LOADED.findall(html) == [], page.name


@pytest.mark.parametrize("link", ["[a](missing.md)", "[a](cli.md#no-such-heading)"])
def test_broken_link_is_an_error(pages: Path, link: str) -> None:
    """A page that is missing, or a heading that is missing in a page."""
    page = pages / "docs/tour.md"
    page.write_text(page.read_text("utf-8") + f"\n{link}\n", encoding="utf-8")
    assert build(pages).returncode != 0


def test_navigation_has_every_page_once() -> None:
    """The site builder does not report pages that the navigation leaves out."""
    navigation = (ROOT / CONFIG).read_text("utf-8").partition("\nnav:\n")[2]
    named = re.findall(r"(\S+\.md)$", navigation, re.MULTILINE)
    assert sorted(named) == sorted(str(page.relative_to(ROOT / "docs")) for page in ROOT.glob("docs/**/*.md"))

"""Documentation that is derived is up to date, and what is written by hand names things that exist."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalogue.images import IMAGES
from chatdb.cli import main
from constructs_lib.checks.rules import RULES
from tests.repository import ROOT
from tools import docs

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize(("path", "text"), list(docs.generated(ROOT)), ids=lambda value: value[:20])
def test_generated_pages_are_up_to_date(path: str, text: str) -> None:
    """`make docs` changes nothing."""
    assert (ROOT / path).read_text(encoding="utf-8") == text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link is a file or a folder of the repository."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_named_tests_exist() -> None:
    """A promise that names the test that holds it; the file is the only one of its name."""
    named = {pair for page in PAGES for pair in re.findall(r"`(test_\w+\.py)::(test_\w+)`", page.read_text("utf-8"))}
    assert len(named) > 20
    for file, test in sorted(named):
        (path,) = [*ROOT.glob(f"tests/**/{file}"), *ROOT.glob(f"services/*/tests/{file}")]
        assert f"\ndef {test}(" in path.read_text("utf-8"), (file, test)


def test_every_command_is_in_the_reference() -> None:
    """Nobody finds a command by accident."""
    text = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    assert [name for name in main.commands if f"## chatdb {name}\n" not in text] == []


def test_rules_are_counted() -> None:
    """The figure of the page is that of the code."""
    text = (ROOT / "docs/layout.md").read_text(encoding="utf-8")
    assert re.findall(r"(\d+) rules", text) == [str(len(RULES))]


def test_readme_counts_what_an_entry_determines() -> None:
    """Lines of the entry of query-parser, the objects that name it, and their files."""
    source = (ROOT / "catalogue/components.py").read_text("utf-8")
    entry = source.partition('        name="query-parser",\n')[2].partition("\n    ),\n")[0]
    lines = [line for line in entry.splitlines() if not line.lstrip().startswith("#")]
    explained = json.loads(CliRunner().invoke(main, ["explain", "query-parser", "--json"]).stdout)["objects"]
    files = {one["place"]["file"] for one in explained}
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert f"{len(lines) + 2} lines of query-parser in the catalogue determine" in text
    assert f"determine {len(explained)} objects in {len(files)} files" in text


def test_renovate_sees_every_image_of_others() -> None:
    """Its expression finds each entry of the catalogue that we do not build."""
    expression = json.loads((ROOT / "renovate.json").read_text())["customManagers"][0]["matchStrings"][0]
    text = (ROOT / "catalogue/images.py").read_text(encoding="utf-8")
    tags = {match["depName"]: match["currentValue"] for match in re.finditer(expression.replace("(?<", "(?P<"), text)}
    assert tags == {image.repository: image.tag for image in IMAGES.values() if image.source is None}


def test_decisions_have_all_parts() -> None:
    """Context, decision, consequence, and how to notice that it was wrong."""
    for page in ROOT.glob("docs/adr/*.md"):
        heads = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert heads == ["Context", "Decision", "Consequence", "How we would notice that it was wrong"], page.name


def test_filled_parts_are_filled() -> None:
    """Marks without anything between them would pass every comparison."""
    assert "query-parser" in (ROOT / "docs/layout.md").read_text(encoding="utf-8").partition("flowchart LR")[2]
    assert "model-registry-credentials" in (ROOT / "docs/traits.md").read_text(encoding="utf-8")


def test_fragments_are_of_a_known_type() -> None:
    """Towncrier leaves out files of other names. Each is one line that ends as a sentence."""
    types = [
        one["directory"]
        for one in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["towncrier"]["type"]
    ]
    for path in (ROOT / "changes").glob("[!.]*"):
        assert re.fullmatch(rf"\+[a-z0-9-]+\.({'|'.join(types)})\.md", path.name), path.name
        assert re.fullmatch(r"[^\n]+\.\n", path.read_text("utf-8")), path.name

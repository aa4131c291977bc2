"""The generator knows no name of ChatDB: they are data."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from catalogue.namespaces import Namespace
from catalogue.tiers import Tier
from constructs_lib.command import COMMAND
from constructs_lib.types import type_names
from tests.repository import ROOT

GENERATOR = ROOT / "constructs_lib"
EXEMPT = GENERATOR / "command.py"
"""The one place of the command's name, which is in messages."""
NAMES = {component.name for component in CATALOGUE.components} - set(type_names())
"""Components that are called like their type are no names of ChatDB."""
WHOLE = (CATALOGUE.name, CATALOGUE.host, *CATALOGUE.machines)
TOPICS = (topic.name for topic in CATALOGUE.topics)
FORBIDDEN = sorted({*WHOLE, *NAMES, *Namespace, *TOPICS})
WORD = re.compile(rf"(?<![a-z0-9_])(?:{'|'.join(map(re.escape, FORBIDDEN))})(?![a-z0-9_])", re.IGNORECASE)
OTHER_MEANINGS = {"types/integration_tests/spec.py": {"edge"}}
"""The matrix calls so a port that policies open."""
TIERS = frozenset(map(str, Tier)) - {"platform"}
"""As whole texts; the word platform is the generator's own."""


def texts_of(path: Path) -> Iterator[str]:
    """The texts of a module but docstrings and comments; all of any other file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py" or "files" in path.parts:
        yield from (line for line in text.splitlines() if not line.lstrip().startswith("#"))
        return
    tree = ast.parse(text)
    documentation = {
        id(node.body[number].value)
        for node in ast.walk(tree)
        if hasattr(node, "body") and isinstance(node.body, list)
        for number in range(len(node.body))
        if isinstance(node.body[number], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


FILES = sorted(path for path in GENERATOR.rglob("*") if path.is_file() and path.suffix != ".pyc" and path != EXEMPT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_generator_names_nothing_of_the_platform(path: Path) -> None:
    """No component, namespace, tier, topic, host or environment of ChatDB, and not its own name."""
    texts = list(texts_of(path))
    assert [text for text in texts if WORD.search(text)] == []
    tiers = TIERS.intersection(texts) if path.suffix == ".py" else set()
    assert tiers == OTHER_MEANINGS.get(path.relative_to(GENERATOR).as_posix(), set())


def test_the_command_has_one_name() -> None:
    """Messages take it from the constant."""
    assert EXEMPT.read_text().count(f'"{COMMAND}"') == 1


def test_the_check_finds_something(tmp_path: Path) -> None:
    """A module with a name of each kind is found."""
    module = tmp_path / "module.py"
    module.write_text('"""ChatDB."""\nA = "to minio"\nB = "chatdb-system"\nC = "minikube"\nD = "foundation"\n')
    texts = list(texts_of(module))
    assert [text for text in texts if WORD.search(text)] == ["to minio", "chatdb-system", "minikube"]
    assert TIERS.intersection(texts) == {"foundation"}

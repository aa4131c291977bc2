"""YAML as it is written and read here: every text, number and truth comes back from Kustomize as what it was."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from constructs_lib import manifest_yaml
from constructs_lib.kustomization import Kustomization
from constructs_lib.kustomize import kustomize
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.yaml_files import read_mapping
from constructs_lib.yaml_loader import load_all
from tests.repository import ROOT

SEED = 20261128
TEXTS, SCALARS, GARBAGE = 700, 2000, 150
"""How many of each; all of one kind are one run of Kustomize."""
FIXED: dict[str, Any] = {"derandomize": True, "deadline": None, "suppress_health_check": list(HealthCheck)}
ALPHABET = "0123456789abefxoXEn_+-.:~<=>yYnNoOfFtTlLuUsS"
"""What numbers, dates and words of YAML 1.1 and 1.2 consist of."""
MARKS = "\t\n\r #:-?,[]{}&*!|>'\"%@`\\aä\u00a0\u2028\u2029\ufeff\x00\x01\x1b\U0001f600"
NAMED = [
    *(
        "=",
        "<<",
        "~",
        "",
        " ",
        "\n",
        " \n",
        "\n ",
        "a\n",
        "a\n\n",
        "\ta",
        "a\t",
        " a",
        "a ",
        "a\r\nb",
        "a\rb",
        "---",
        "...",
    ),
    *(
        "a\n---\nb\n",
        "a\n...\nb",
        "# a",
        "a #b",
        "a: b",
        "a:",
        "- a",
        "? a",
        "%a",
        "@a",
        "`a",
        "!a",
        "&a",
        "*a",
        "|",
        ">",
    ),
    *(
        "y",
        "on",
        "off",
        "No",
        "TRUE",
        "null",
        "Null",
        "0o17",
        "017",
        "08",
        "0x1f",
        "0b11",
        "1_000",
        "1e3",
        "1E400",
        ".inf",
    ),
    *(
        "-.INF",
        ".nan",
        "1:30",
        "12:30:45.5",
        "2001-01-01",
        "2001-01-01T00:00:00Z",
        "+12",
        ".5",
        "1.",
        "0x",
        "0o8",
        "-",
        "+",
    ),
    *("a\u2028b", "\ufeffa", "a" * 5000, "a b " * 2000, "k" * 990, "{{ a }}", "$(A)", "\\n", "'", '"', "'a", "a'b\"c"),
]


def built(folder: Path, content: Any) -> Any:
    """What Kustomize makes of it, after it was written and before it is read, and as it is read."""
    manifest = {"apiVersion": "test.invalid/v1", "kind": "Thing", "metadata": {"name": "thing"}, "spec": content}
    (folder / "thing.yaml").write_text(manifest_yaml.dump([manifest]), encoding="utf-8")
    (folder / "kustomization.yaml").write_text("resources: [thing.yaml]\n", encoding="utf-8")
    assert yaml.safe_load((folder / "thing.yaml").read_text(encoding="utf-8")) == manifest
    (result,) = kustomize(folder, folder, ROOT)
    return result["spec"]


def some_texts(alphabet: str, count: int, longest: int) -> list[str]:
    """Random ones, the same in every run."""
    chance = random.Random(SEED)
    return ["".join(chance.choices(alphabet, k=chance.randint(1, longest))) for _ in range(count)]


def any_texts(count: int) -> list[str]:
    """Of all characters that can be held."""
    chance = random.Random(SEED)
    planes = [range(0x20, 0x7F), range(0xA0, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000)]
    return [
        "".join(chr(chance.choice(chance.choice(planes))) for _ in range(chance.randint(1, 9))) for _ in range(count)
    ]


@pytest.mark.parametrize(
    "texts",
    [NAMED, some_texts(ALPHABET, TEXTS, 5), some_texts(MARKS, TEXTS, 8), any_texts(TEXTS)],
    ids=["named", "words", "marks", "any"],
)
def test_texts_survive(tmp_path: Path, texts: list[str]) -> None:
    """As values, as keys, and in lists."""
    content = {
        "values": {f"k{number}": text for number, text in enumerate(texts)},
        "items": texts,
        "keys": {text: number for number, text in enumerate(texts) if is_key(text)},
        "nested": [{text: [text]} for text in texts if is_key(text)],
    }
    assert built(tmp_path, content) == content


def is_key(text: str) -> bool:
    """What Kustomize takes for a key; it is refused otherwise (tests/unit/test_manifest_yaml.py)."""
    return text != "<<" and len(text) < 1000


def test_numbers_keep_their_type(tmp_path: Path) -> None:
    """Also those that Go writes with an exponent; a number without a fraction is a whole one for Kubernetes."""
    chance = random.Random(SEED)
    whole = [0, 1, -1, 2**31, 2**53, 2**63 - 1, -(2**63), *(chance.randint(-(2**62), 2**62) for _ in range(SCALARS))]
    broken = [
        0.5,
        -0.25,
        1.1,
        1e21,
        1e-9,
        123456789.123,
        *(chance.uniform(-1, 1) * 10 ** chance.randint(-30, 30) for _ in range(SCALARS)),
    ]
    content = {"whole": whole, "broken": broken, "words": [True, False, None, {}, []]}
    spec = built(tmp_path, content)
    # Go writes the shortest digits that are the same number: as a whole one they are another one for Python.
    assert {type(one) for one in spec["broken"]} == {int, float}
    assert [float(one) for one in spec["broken"]] == broken
    assert spec == content | {"broken": spec["broken"]}
    assert {type(one) for one in spec["whole"]} == {int}
    assert [type(one) for one in spec["words"]] == [bool, bool, type(None), dict, list]


def test_plain_scalars_are_read_as_kustomize_reads_them(tmp_path: Path) -> None:
    """Somebody's patch says the same to the rules and to the cluster."""
    plain = sorted({word for word in some_texts("0123456789bxoXeE_+-.", SCALARS, 6) if word.strip("-")})
    plain = [word for word in plain if number_or_text(word) is not None]
    text = "".join(f"  - {word}\n" for word in plain)
    head = "apiVersion: test.invalid/v1\nkind: Thing\nmetadata: {name: thing}\nspec:\n"
    (tmp_path / "thing.yaml").write_text(head + text, encoding="utf-8")
    (tmp_path / "kustomization.yaml").write_text("resources: [thing.yaml]\n", encoding="utf-8")
    (result,) = kustomize(tmp_path, tmp_path, ROOT)
    (read,) = load_all(head + text)
    differing = [(word, a, b) for word, a, b in zip(plain, read["spec"], result["spec"], strict=True) if a != b]
    assert differing == []


def number_or_text(word: str) -> Any:
    """What a plain word is; None where it is no value of its own, or one that JSON has not."""
    try:
        (value,) = load_all(f"[{word}]")[0]
    except (yaml.YAMLError, ValueError):
        return None
    return None if str(value) in ("inf", "-inf", "nan") else value


@settings(max_examples=GARBAGE, **FIXED)
@given(st.binary(max_size=60) | st.text(MARKS + "ab1<=>", max_size=40).map(lambda text: text.encode()))
def test_readers_refuse_garbage_with_a_place(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """A file is read, or refused with its name: whatever its bytes are."""
    path = tmp_path_factory.getbasetemp() / "garbage.yaml"
    path.write_bytes(content)
    mapping, problems = read_mapping(path, path.name, "write it anew")
    assert all(problem.where.startswith(path.name) for problem in problems)
    assert isinstance(mapping, dict)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("ab./-\n", max_size=6) | st.just("- {op: test}"),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "name", "path", "patch", "target", "a"]), part)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["resources", "components", "patches", "images", "replicas", "replacements", "configMapGenerator", "labels"]
)


@settings(max_examples=GARBAGE, **FIXED)
@given(st.dictionaries(KEYS, VALUES, min_size=1) | VALUES)
def test_wild_kustomizations_are_refused_with_a_place(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    """A value of any type at any place is taken, or refused with the file."""
    folder = tmp_path_factory.getbasetemp() / "wild"
    folder.mkdir(exist_ok=True)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    problems: Sequence[Problem]
    try:
        kustomization = Kustomization(folder.parent, folder)
        problems = [*kustomization.problems()]
        kustomization.listed()
    except InvalidInput as error:
        problems = error.problems
    assert all(problem.where.startswith("wild") for problem in problems)

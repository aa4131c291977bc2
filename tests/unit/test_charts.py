"""A chart that is known is not built again, in this run or a later one; one that may be another always is."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from constructs_lib import build_charts
from constructs_lib.cache import Cache
from constructs_lib.charts import Charts, Kept, Spec
from constructs_lib.gitops import fingerprint
from constructs_lib.rendered import Manifest
from constructs_lib.resolve import varied
from constructs_lib.types import type_of
from tests.repository import PLATFORM, ROOT

SPECS: tuple[Spec, ...] = (PLATFORM.component("model-registry"), PLATFORM.namespaces, PLATFORM.component("ml-engine"))
NAMED = "import sys; from tests.unit.test_charts import specs; sys.stdout.write('\\n'.join(map(repr, specs())))"


def specs() -> list[Spec]:
    """All that charts are made of: of the base, and of each trait alone."""
    alone = [trait.name for trait in CATALOGUE.traits if not trait.option and not trait.needs]
    platforms = [PLATFORM, *(varied(PLATFORM, [name]) for name in alone)]
    every: list[Spec] = [one for platform in platforms for one in platform.components if type_of(one).rendered]
    return [*every, PLATFORM.namespaces, *([PLATFORM.gateway] if PLATFORM.gateway else [])]


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is built, as it is built."""
    names: list[str] = []
    build = build_charts.build

    def noted(some: Iterable[Spec]) -> list[list[Manifest]]:
        every = list(some)
        names.extend(getattr(one, "name", "namespaces") for one in every)
        return build(every)

    monkeypatch.setattr(build_charts, "build", noted)
    return names


def kept(folder: Path, code: Callable[[], str] = lambda: "code") -> Charts:
    """Charts that are kept in a folder."""
    return Charts(Kept(Cache(folder), code))


def test_once_for_a_run(built: list[str]) -> None:
    """Asked for twice at once, or one after another; in the order in which they were asked for."""
    charts = Charts()
    one, two, again = charts.of([SPECS[0], SPECS[1], SPECS[0]])
    assert charts.of([SPECS[1], SPECS[0]]) == [two, one]
    assert again == one != two
    assert built == ["model-registry", "namespaces"]


def test_once_for_all_runs(tmp_path: Path, built: list[str]) -> None:
    """Objects, text and templates are what was built; only what is new is built."""
    first = kept(tmp_path).of(SPECS[:2])
    assert kept(tmp_path).of(SPECS[:2]) == first
    assert kept(tmp_path).of(SPECS) == [*first, *Charts().of(SPECS[2:])]
    assert built == ["model-registry", "namespaces", "ml-engine", "ml-engine"]
    tests = PLATFORM.component("integration-tests")
    (chart,) = kept(tmp_path).of([tests])
    assert kept(tmp_path).of([tests]) == [chart]
    assert chart.templates


def test_another_spec_or_code(tmp_path: Path, built: list[str]) -> None:
    """Each gives another chart, and goes back to the first one."""
    component = PLATFORM.component("model-registry")
    for spec, code in ((component, "a"), (replace(component, replicas=7), "a"), (component, "b"), (component, "a")):
        (chart,) = kept(tmp_path, lambda code=code: code).of([spec])  # type: ignore[misc]
        (deployment,) = (one for one in chart.objects if one["kind"] == "Deployment")
        assert deployment["spec"]["replicas"] == spec.replicas
    assert built == ["model-registry"] * 3


def test_code_that_changes_meanwhile(tmp_path: Path, built: list[str]) -> None:
    """Nobody knows which code has built it: it is not kept, under neither hash."""
    hashes = iter(["a", "b"])
    kept(tmp_path, lambda: next(hashes)).of(SPECS[:1])
    for code in "ab":
        kept(tmp_path, lambda code=code: code).of(SPECS[:1])  # type: ignore[misc]
    assert built == ["model-registry"] * 3


def test_constructs_of_others(tmp_path: Path, built: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash of the code does not cover them."""
    module = type_of(PLATFORM.component("model-registry")).construct_module
    monkeypatch.setitem(sys.modules, "elsewhere", sys.modules[module])
    monkeypatch.setattr(type(type_of(PLATFORM.component("model-registry"))), "construct", "elsewhere")
    for _ in range(2):
        kept(tmp_path).of(SPECS[:2])
    assert built == ["model-registry", "namespaces", "model-registry"]


def test_keys_say_all() -> None:
    """They are the same in every process, and differ where the components do; an address would say nothing."""
    here = list(map(repr, specs()))
    for seed in "12":
        done = subprocess.run(
            [sys.executable, "-c", NAMED], cwd=ROOT, env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.split("\n") == here
    assert " at 0x" not in "".join(here)
    every = specs()
    assert len(set(here)) == len([one for number, one in enumerate(every) if one not in every[:number]])


def test_code_has_a_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one with another file; where a file is newer than this process, one that nobody else has."""
    monkeypatch.setattr(fingerprint, "CODE", tmp_path)
    (tmp_path / "constructs_lib").mkdir()
    file = tmp_path / "constructs_lib/a.py"
    file.write_text("1")
    assert fingerprint.code() != fingerprint.code()
    monkeypatch.setattr(fingerprint, "LOADED", file.stat().st_ctime + 1)
    first = fingerprint.code()
    assert fingerprint.code() == first
    file.write_text("2")
    monkeypatch.setattr(fingerprint, "LOADED", file.stat().st_ctime + 1)
    assert fingerprint.code() != first

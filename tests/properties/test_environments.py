"""Two environments of one repository: what one is changed by leaves every byte of the other, and of the bases."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml

from catalogue.components import CATALOGUE
from constructs_lib import render
from constructs_lib.gitops.synth import publication, synthesize
from constructs_lib.kustomization import GENERATED, KUSTOMIZATION
from constructs_lib.settings import FILE, Settings, read_settings
from constructs_lib.traits import attach, traits
from tests.repository import PLATFORM, copy_inputs

SEED = 20261128
EDITS = 30
ENVIRONMENTS = ("minikube", "other")
Files = Mapping[str, bytes]
Edit = Callable[[random.Random, Path], str]
"""Changes what is written by hand in the overlay of an environment; says what."""


@dataclass(frozen=True)
class Repository:
    """One with two environments, and a folder for what is staged."""

    root: Path
    aside: Path
    settings: Settings

    def of(self, environment: str) -> Settings:
        """The settings of that environment."""
        return replace(self.settings, environment=environment)

    def files(self) -> Files:
        """Every file that is the repository's own."""
        paths = (path for path in self.root.rglob("*") if path.is_file() and ".tools" not in path.parts)
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in sorted(paths)}

    def synthesize(self, environment: str, number: int) -> tuple[str, ...]:
        """Generate for that environment, as the command does; the names of the targets that changed."""
        return publication(self.root, PLATFORM, self.of(environment), self.aside / str(number))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The second environment is a copy of the first one's overlay, and is named in the settings file for its run."""
    root, aside = copy_inputs(tmp_path_factory.mktemp("two")), tmp_path_factory.mktemp("staged")
    copytree(root / "overlays" / ENVIRONMENTS[0], root / "overlays" / ENVIRONMENTS[1])
    written = (root / FILE).read_text(encoding="utf-8")
    for environment in reversed(ENVIRONMENTS):
        text = written.replace(f"environment: {ENVIRONMENTS[0]}", f"environment: {environment}")
        (root / FILE).write_text(text, encoding="utf-8")
        synthesize(root, CATALOGUE, aside / environment)
    return Repository(root, aside, read_settings(root, CATALOGUE))


@pytest.fixture
def rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bases follow from the catalogue alone, which stays as it is: Node is started once."""
    rendered = render.render(PLATFORM)
    monkeypatch.setattr(render, "render", lambda _platform: rendered)


def patches(overlay: Path) -> list[Path]:
    """The files of patches."""
    return sorted(path for path in overlay.glob("*/*.yaml") if path.name != KUSTOMIZATION)


def rewrite(path: Path, content: Any) -> None:
    """Write it anew."""
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def workload(chance: random.Random, overlay: Path, change: Callable[[dict[str, Any]], str]) -> str:
    """Change the patch of a Deployment or StatefulSet."""
    contents = {path: yaml.safe_load(path.read_text(encoding="utf-8")) for path in patches(overlay)}
    path = chance.choice([path for path, patch in contents.items() if patch["kind"] in ("Deployment", "StatefulSet")])
    words = change(contents[path])
    rewrite(path, contents[path])
    return f"{path.name}: {words}"


def resources(chance: random.Random, overlay: Path) -> str:
    """Another request or limit, or one more."""
    # Nobody has written such odd ones: an edit that changes nothing would be none.
    cpu, memory = f"0.{chance.randint(5, 400):03}137", f"{chance.randint(16_000, 800_000)}137"
    key, amount = chance.choice([("cpu", cpu), ("memory", memory)])
    section = chance.choice(["requests", "limits"])

    def change(patch: dict[str, Any]) -> str:
        (container,) = patch["spec"]["template"]["spec"]["containers"]
        container.setdefault("resources", {}).setdefault(section, {})[key] = amount
        return f"{section} {key} {amount}"

    return workload(chance, overlay, change)


def annotation(chance: random.Random, overlay: Path) -> str:
    """A note on a workload: it takes nothing of a quota, and is tested all the same."""
    note = str(chance.random())

    def change(patch: dict[str, Any]) -> str:
        patch["metadata"].setdefault("annotations", {})["note"] = note
        return f"note {note}"

    return workload(chance, overlay, change)


def variable(chance: random.Random, overlay: Path) -> str:
    """An environment variable."""
    one = {"name": f"LEVEL_{chance.randint(0, 9)}", "value": str(chance.random())}

    def change(patch: dict[str, Any]) -> str:
        (container,) = patch["spec"]["template"]["spec"]["containers"]
        container["env"] = [*(old for old in container.get("env", []) if old["name"] != one["name"]), one]
        return f"{one}"

    return workload(chance, overlay, change)


def in_place(chance: random.Random, overlay: Path) -> str:
    """One more patch, written in a kustomization."""
    tier = chance.choice(["core", "processing"])
    path = overlay / tier / KUSTOMIZATION
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    value = chance.randint(1, 9999)
    patch = f"- {{op: replace, path: /spec/revisionHistoryLimit, value: {value}}}"
    content.setdefault("patches", []).append({"target": {"kind": "Deployment"}, "patch": patch})
    rewrite(path, content)
    return f"{tier}: revisionHistoryLimit {value}"


def removal(chance: random.Random, overlay: Path) -> str:
    """A patch less, and its file."""
    path = chance.choice([path for path in patches(overlay) if path.parent.name in ("core", "foundation")])
    kustomization = path.with_name(KUSTOMIZATION)
    content = yaml.safe_load(kustomization.read_text(encoding="utf-8"))
    content["patches"] = [entry for entry in content["patches"] if entry.get("path") != path.name]
    rewrite(kustomization, content)
    path.unlink()
    return f"without {path.name}"


def trait(chance: random.Random, overlay: Path) -> str:
    """Another trait, if there is one left."""
    attached = {part for path in overlay.glob(f"*/{KUSTOMIZATION}") for part in parts(path)}
    left = sorted(set(traits(overlay.parent)) - attached - {"object-store-versitygw"})
    if not left:
        return resources(chance, overlay)
    name = chance.choice(left)
    attach(overlay, [name])
    return f"trait {name}"


def parts(kustomization: Path) -> Iterator[str]:
    """The traits that a tier's overlay has."""
    content = yaml.safe_load(kustomization.read_text(encoding="utf-8"))
    return (Path(path).parent.name for path in content.get("components", []))


MORE: tuple[Edit, ...] = (resources, resources, annotation, variable, in_place, trait)
KINDS: tuple[Edit, ...] = (*MORE, removal)


def test_environments_are_apart(repository: Repository, rendered_once: None) -> None:
    """Whatever is edited in one overlay, a run writes below overlays/<env>/<tier>/generated, and nowhere else."""
    chance = random.Random(SEED)
    before = repository.files()
    told, quotas = [], 0
    edits = [*KINDS, *(chance.choice(MORE) for _ in range(EDITS - len(KINDS)))]
    for number, edit in enumerate(edits):
        environment = chance.choice(ENVIRONMENTS)
        told.append(f"{environment}: {edit(chance, repository.root / 'overlays' / environment)}")
        edited, last = repository.files(), told[-1]
        changed = repository.synthesize(environment, number)
        after = repository.files()
        written = differing(edited, after)
        assert {tuple(Path(name).parts[:2]) for name in differing(before, after)} == {("overlays", environment)}, told[
            -1
        ]
        assert {Path(name).parts[3] for name in written} == {GENERATED}, last
        # Every edit is seen by the tests, which run again; in one environment alone.
        assert f"overlays/{environment}/testing/{GENERATED}/tests.yaml" in written, last
        assert all(name.startswith(f"overlays/{environment}/") for name in changed), last
        quotas += f"overlays/{environment}/platform/{GENERATED}/quotas.yaml" in written
        before = after
    assert {line.partition(":")[0] for line in told} == {*ENVIRONMENTS}
    assert 0 < quotas < len(edits)


def differing(before: Files, after: Files) -> set[str]:
    """The names of the files that are not the same."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_a_whole_run_changes_nothing_more(repository: Repository) -> None:
    """With bases that are rendered anew, each environment is as it was left, whichever is generated first."""
    before = repository.files()
    for number, environment in enumerate((*ENVIRONMENTS, *ENVIRONMENTS)):
        assert repository.synthesize(environment, EDITS + number) == ()
        assert repository.files() == before

"""Two environments of one repository: what one is changed by leaves every byte of the other, and of the bases."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest
import yaml

from catalogue.components import CATALOGUE
from constructs_lib.gitops.synth import publication, resolved
from constructs_lib.kustomization import GENERATED
from constructs_lib.settings import FILE
from tests.fuzz.lane import SEED, WHOLE, repeat
from tests.properties.overlay_edits import KINDS, MORE, rewrite, setting
from tests.repository import PLATFORM, copy_inputs

EDITS = 200 if WHOLE else 24
ENVIRONMENTS = ("minikube", "other")
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Repository:
    """One with two environments, and a folder for what is staged."""

    root: Path
    aside: Path

    def files(self) -> Files:
        """Every file that is the repository's own."""
        paths = (path for path in self.root.rglob("*") if path.is_file() and not {".tools", ".cdk8s"} & {*path.parts})
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in sorted(paths)}

    def synthesize(self, name: str, environment: str | None = None) -> tuple[str, ...]:
        """Generate for all environments or one, as the command does; the names of the targets that changed."""
        _, environments = resolved(self.root, CATALOGUE, environment)
        return publication(self.root, PLATFORM, environments, self.aside / name)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The second environment is a copy of the first one, on another cluster."""
    root, aside = copy_inputs(tmp_path_factory.mktemp("two")), tmp_path_factory.mktemp("staged")
    copytree(root / "overlays" / ENVIRONMENTS[0], root / "overlays" / ENVIRONMENTS[1])
    settings = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))
    settings["environments"][ENVIRONMENTS[1]] = {"revision": "main", "cluster": "other"}
    rewrite(root / FILE, settings)
    made = Repository(root, aside)
    made.synthesize("first")
    return made


def test_environments_are_apart(repository: Repository) -> None:
    """Whatever is edited for one environment, a run writes its generated files, and none of another or of the bases."""
    chance = random.Random(SEED)
    before = repository.files()
    quotas, environments = 0, []
    edits = [*KINDS, *(chance.choice(MORE) for _ in range(EDITS - len(KINDS)))]
    for number, edit in enumerate(edits):
        environment = chance.choice(ENVIRONMENTS)
        words = f"{environment}: {edit(chance, repository.root / 'overlays' / environment)}; again: {repeat()}"
        edited = repository.files()
        changed = repository.synthesize(str(number))
        after = repository.files()
        written = differing(edited, after)
        assert all(name.startswith((f"overlays/{environment}/", f"argocd/{environment}")) for name in changed), words
        others = {*ENVIRONMENTS} - {environment}
        assert not [name for name in differing(before, after) if others & {*Path(name).with_suffix("").parts}], words
        if edit is not setting:
            assert {Path(name).parts[3] for name in written} == {GENERATED}, words
            # Every edit is seen by the tests, which run again; in one environment alone.
            assert f"overlays/{environment}/testing/{GENERATED}/tests.yaml" in written, words
        quotas += f"overlays/{environment}/platform/{GENERATED}/quotas.yaml" in written
        environments.append(environment)
        before = after
    assert {*environments} == {*ENVIRONMENTS}
    assert 0 < quotas < len(edits)


def differing(before: Files, after: Files) -> set[str]:
    """The names of the files that are not the same."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_a_whole_run_changes_nothing_more(repository: Repository) -> None:
    """With bases that are rendered anew, each environment is as it was left, whichever is generated first or alone."""
    before = repository.files()
    for name in (*ENVIRONMENTS, None):
        assert repository.synthesize(f"again-{name}", name) == ()
        assert repository.files() == before

"""The repository's files as explanations read them, of all environments or of one: each file is read once."""

import ast
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path

from chatdb.explain.documents import RUN, Documents, Words
from chatdb.explain.model import Place
from constructs_lib.checks.model import Inputs
from constructs_lib.files import is_scratch
from constructs_lib.kustomization import GENERATED, NAMES, Patch
from constructs_lib.kustomization import Kustomization as Kustomize
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve.problems.places import COMPONENTS as ENTRIES
from constructs_lib.settings import Settings
from constructs_lib.traits import COMPONENTS, GENERATED_TRAITS

Identity = tuple[str, str, str]
"""Kind, namespace and name of an object."""


class Sources:
    """Where explanations look: in the files of all environments, or with `settings` in those of that environment.

    `rendered` are the objects that the environment has: one of dist/ that its overlays remove is none of them.
    """

    def __init__(
        self, root: Path, settings: Settings | None = None, rendered: Collection[Identity] | None = None
    ) -> None:
        """InvalidInput where dist/ is missing."""
        if not (root / "dist").is_dir():
            raise InvalidInput([Problem("dist", "is missing", "run `chatdb synth`")])
        self.root = root
        self._rendered = rendered
        self._settings = settings
        self._targeted: dict[str, list[Patch]] = {}
        self._applications: dict[str, tuple[Place, ...]] = {}

    @property
    def of_one(self) -> bool:
        """Whether they are those of one environment."""
        return self._settings is not None

    def has(self, identity: Identity) -> bool:
        """Whether the environment has the object; all have it where nothing is known of them."""
        return self._rendered is None or identity in self._rendered

    @property
    def environment(self) -> str:
        """A pattern of its name."""
        return self._settings.environment if self._settings else "*"

    @cached_property
    def entries(self) -> dict[str, int]:
        """Name of an entry of the catalogue -> its line."""
        tree = ast.parse((self.root / ENTRIES).read_text(encoding="utf-8"))
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
        return {
            str(keyword.value.value): call.lineno
            for call in calls
            if ast.unparse(call.func) == "Component"
            for keyword in call.keywords
            if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
        }

    @cached_property
    def generated(self) -> Documents:
        """All objects: of the bases, of traits, and of each environment."""
        paths = {path for pattern in self._patterns() for path in self.root.glob(pattern)}
        return Documents(self.root, sorted(path for path in paths if path.name not in NAMES))

    def _patterns(self) -> Iterator[str]:
        yield f"overlays/{self.environment}/*/{GENERATED}/*.yaml"
        if self._settings is None:
            yield from ("dist/*/*.k8s.yaml", f"{GENERATED_TRAITS}/*/*.k8s.yaml")
        else:
            yield from (f"dist/{tier}/*.k8s.yaml" for tier in self._settings.tiers)
            yield from (f"{GENERATED_TRAITS}/{trait}/**/*.yaml" for trait in self._settings.traits)

    @cached_property
    def _written(self) -> list[Path]:
        """What people have written in overlays/."""
        overlays = self.root / "overlays"
        folders = [overlays]
        if self._settings:
            traits = (f"{COMPONENTS}/{trait}" for trait in self._settings.traits)
            folders = [overlays / name for name in (self.environment, *traits)]
        paths = (path for folder in folders for path in folder.rglob("*"))
        return sorted(path for path in paths if path.is_file() and GENERATED not in path.parts)

    @cached_property
    def patches(self) -> Documents:
        """The YAML files in overlays/ that are not kustomizations."""
        files = (path for path in self._written if path.suffix == ".yaml" and not is_scratch(path.name))
        return Documents(self.root, (path for path in files if path.name not in NAMES))

    @cached_property
    def kustomizations(self) -> Documents:
        """Those in overlays/."""
        return Documents(self.root, (path for path in self._written if path.name in NAMES))

    def targeted(self, file: str) -> list[Patch]:
        """The patches of the kustomization that name their target."""
        if file not in self._targeted:
            patches = Kustomize(self.root, (self.root / file).parent).patches()
            self._targeted[file] = [patch for patch in patches if patch.target]
        return self._targeted[file]

    def applications(self, tier: str) -> tuple[Place, ...]:
        """The Argo CD Applications of the tier, one for each environment."""
        if tier not in self._applications:
            paths = sorted((self.root / "argocd").glob(f"{self.environment}/apps/{tier}.yaml"))
            documents = Documents(self.root, paths).having(Words("Application"))
            self._applications[tier] = tuple(document.place for document, _ in documents)
        return self._applications[tier]

    @cached_property
    def pages(self) -> list[tuple[str, str, frozenset[str]]]:
        """(file, text, what the text could mention) of each page of docs/."""
        paths = sorted((self.root / "docs").rglob("*.md"))
        texts = ((path.relative_to(self.root).as_posix(), path.read_text(encoding="utf-8")) for path in paths)
        return [(file, text, frozenset(RUN.findall(text))) for file, text in texts]


def of_environment(inputs: Inputs) -> Sources:
    """The sources of the environment that was rendered."""
    return Sources(inputs.root, inputs.settings, {one.identity for one in inputs.rendered})

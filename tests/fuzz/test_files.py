"""Whatever is written into the files of an overlay, the command answers, and names the file or its folder."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import strategies as st

from chatdb.cli import main
from tests.fuzz.answers import INTERNAL, told
from tests.fuzz.changes import Place, changed_document, replaced
from tests.fuzz.lane import chosen, examples
from tests.repository import ROOT, copy_inputs

FOLDER = "overlays/minikube/core"
TRAIT = "overlays/components/drawn/core"
CHANGE = "- {op: replace, path: /spec/revisionHistoryLimit, value: 2}"
PATCH = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "model-registry", "namespace": "chatdb-services"},
    "spec": {"template": {"spec": {"containers": [{"name": "model-registry", "env": [{"name": "A", "value": "b"}]}]}}},
}
DOCUMENTS: dict[str, dict[str, Any]] = {
    f"{FOLDER}/kustomization.yaml": {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["../../../dist/core"],
        "components": ["generated"],
        "patches": [
            {"path": "patch.yaml"},
            {"target": {"kind": "Deployment", "name": ".*", "labelSelector": "app=model-registry"}, "patch": CHANGE},
        ],
        "images": [{"name": "chatdb/model-registry", "newTag": "1.0"}],
        "replicas": [{"name": "model-registry", "count": 1}],
        "labels": [{"pairs": {"team": "a"}, "includeSelectors": False}],
        "configMapGenerator": [{"name": "more", "namespace": "chatdb-services", "literals": ["a=b"]}],
    },
    f"{FOLDER}/patch.yaml": PATCH,
    f"{TRAIT}/kustomization.yaml": {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "patches": [{"target": {"kind": "Deployment"}, "patch": CHANGE, "options": {"allowNameChange": False}}],
    },
    "overlays/minikube/kustomization.yaml": {
        "resources": ["platform", "foundation", "setup", "core", "processing", "edge", "monitoring", "testing"]
    },
    f"{FOLDER}/generated/kustomization.yaml": {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "components": ["../../../components/drawn/core"],
    },
}
"""Files that use what Kustomize has; each is changed in turn."""
GARBAGE = {
    "empty": b"",
    "comment": b"# nothing\n",
    "scalar": b"5\n",
    "list": b"- a\n",
    "null": b"~\n",
    "broken": b"a: [1\n",
    "tab": b"a:\n\tb: 1\n",
    "not UTF-8": b"a: \xff\xfe\n",
    "zero": b"a: \x00\n",
    "two": b"resources: []\n---\nresources: []\n",
    "twice": b"resources: []\nresources: []\n",
    "alias": b"a: *b\n",
    "recursive": b"resources: &a [*a]\n",
    "merge": b"<<: 5\n",
    "equals": b"=: =\n",
    "tag": b"!!python/object:os.system {}\n",
    "date": b"a: 2001-99-99\n",
    "deep": b"[" * 3000,
    "binary": bytes(range(256)),
}
PLACES: dict[Place, tuple[Any, ...]] = {
    ("resources",): (None, 5, "a", {"a": 1}, [None], [5], [{}], ["missing"], [""], ["."], ["../../../.."]),
    ("components",): (5, "a", {"a": 1}, [None], [5], [[]], ["missing"]),
    ("patches",): (5, "a", {"path": "patch.yaml"}, [None], [5], ["patch.yaml"], [{}], [[]]),
    ("patches", 0, "path"): (None, 5, [], {}, "missing.yaml", ".", ""),
    ("patches", 1, "target"): (5, "model-registry", ["a"], {"kind": 5}, {"name": ["a"]}, {"name": "("}),
    ("patches", 1, "target", "labelSelector"): (5, ["a"], {"app": "a"}, "app in (", "=", "app!=x,,"),
    ("patches", 1, "patch"): (None, 5, [], {}, "", "# a", "a", "[", "- 5", "- {op: replace}", "kind: 5", "- {op: [a]}"),
    ("images",): (5, "a", {"a": 1}, [5], [None], [{}], [{"newTag": "1"}], [{"name": 5}], [{"name": "a", "newTag": 1}]),
    ("replicas",): (5, "a", [5], [{}], [{"name": "missing", "count": 1}]),
}
"""Values that no kustomization has at the place."""
WRONG = [(place, value) for place, values in PLACES.items() for value in values]
ODD = [(name, garbage) for name in DOCUMENTS for garbage in GARBAGE]


class Repository:
    """A repository whose command runs in this process."""

    def __init__(self, root: Path) -> None:
        """With the documents; generated files are the repository's own."""
        self.root = copy_inputs(root)
        (root / "argocd").mkdir()
        for name in ("dist", "argocd/install", "argocd/minikube"):
            (root / name).symlink_to(ROOT / name)
        (root / TRAIT).mkdir(parents=True)
        for name in DOCUMENTS:
            self.restore(name)
        for name in ("model-registry.yaml", "training-orchestrator.yaml"):
            (root / FOLDER / name).unlink()

    def write(self, name: str, content: Any) -> None:
        """The content as YAML; bytes as they are."""
        data = content if isinstance(content, bytes) else yaml.safe_dump(content, sort_keys=False).encode()
        (self.root / name).write_bytes(data)

    def restore(self, name: str) -> None:
        """As it was at the beginning."""
        self.write(name, DOCUMENTS[name])

    def check(self, name: str, content: Any) -> Result:
        """What the command says where the file has the content; AssertionError where it fails, or names no file."""
        self.write(name, content)
        try:
            result = CliRunner().invoke(main, ["check", "--rule", "overlays"], obj=self.root)
        finally:
            self.restore(name)
        example = told({name: repr(content) if isinstance(content, bytes) else content})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise AssertionError(f"{result.exception!r}\n{example}") from result.exception
        assert result.exit_code in (0, 1), f"exit code {result.exit_code}: {result.output}\n{example}"
        assert not any(word in result.output for word in ("Traceback", INTERNAL)), f"{result.output}\n{example}"
        if result.exit_code:
            # A patch may also make an object that no schema allows: the finding names the object and its tier.
            named = (str(Path(name).parent), FOLDER, f"tier {Path(FOLDER).name}: ")
            assert any(place in result.output for place in named), f"{result.output}\n{example}"
        return result


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """One for all changes."""
    return Repository(tmp_path_factory.mktemp("repository"))


def test_unchanged(repository: Repository) -> None:
    """The documents are what a kustomization may be: the command builds them."""
    name = f"{FOLDER}/kustomization.yaml"
    assert "1 rules" in repository.check(name, DOCUMENTS[name]).output


@pytest.mark.parametrize(("name", "garbage"), chosen(ODD, 3))
def test_garbage(repository: Repository, name: str, garbage: str) -> None:
    """No file of an overlay may be anything but a mapping."""
    assert repository.check(name, GARBAGE[garbage]).exit_code == 1


@pytest.mark.parametrize(("place", "value"), chosen(WRONG, 3), ids=repr)
def test_wrong_value(repository: Repository, place: Place, value: object) -> None:
    """A value of another type where Kustomize reads one."""
    name = f"{FOLDER}/kustomization.yaml"
    assert repository.check(name, replaced(DOCUMENTS[name], place, value)).exit_code == 1


def test_changed_files(repository: Repository) -> None:
    """Values of any type at some places of any file."""
    names = st.sampled_from(sorted(DOCUMENTS))
    documents = names.flatmap(lambda name: st.tuples(st.just(name), changed_document(DOCUMENTS[name])))
    for name, content in examples(documents, 3, 250):
        repository.check(name, content)

"""A second platform, with other names for everything, goes the whole way through the generator."""

import shutil
from pathlib import Path

import pytest
import yaml

from chatdb.explain.component import explain
from chatdb.explain.sources import Sources
from chatdb.graph_views import as_mermaid
from constructs_lib.checks.render import inputs
from constructs_lib.checks.rules import RULES, run
from constructs_lib.gitops.synth import synthesize
from constructs_lib.read_catalogue import read_catalogue
from constructs_lib.resolve import resolve
from constructs_lib.settings import FILE, read_settings
from tests.repository import ROOT, texts

FOLDER = ROOT / "tests/platforms/lending"
LENDING = read_catalogue(ROOT, "tests.platforms.lending.catalogue.components")
ENVIRONMENTS = ("lab", "field")
URL = "https://git.example/lending.git"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The platform's own repository, generated for both of its environments."""
    folder = tmp_path_factory.mktemp("lending") / "repository"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".tools").symlink_to(ROOT / ".tools")
    lab, field = {"revision": "main", "applications": "lending"}, {"revision": "trunk", "cluster": "far"}
    (folder / FILE).write_text(yaml.safe_dump({"repository": URL, "environments": {"lab": lab, "field": field}}))
    synthesize(folder, LENDING, folder.with_name("out"))
    return folder


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_rules_pass(repository: Path, environment: str) -> None:
    """Every rule, in each environment."""
    rendered = inputs(repository, resolve(LENDING), read_settings(repository, LENDING, environment))
    assert [str(finding) for finding in run(rendered, RULES)] == []


def test_everything_has_its_names(repository: Path) -> None:
    """Objects, labels and Applications are called by the platform's name, and nothing by ChatDB's."""
    generated = {
        name: text for folder in ("dist", "argocd", "overlays") for name, text in texts(repository / folder).items()
    }
    application = generated["lab/apps/app.yaml"]
    assert "name: lending-app" in application
    assert "project: lending-platform" in application
    assert "path: overlays/lab/app" in application
    assert "server: https://kubernetes.default.svc" in application
    other = generated["field/apps/app.yaml"]
    assert "name: lending-field-app" in other
    assert "project: lending-field-platform" in other
    assert "name: far" in other
    assert "lending.io/owner: desk" in generated["app/desk.k8s.yaml"]
    assert "name: lending-ingress-books" in generated["app/door.k8s.yaml"]
    assert "host: books.example" in generated["app/door.k8s.yaml"]
    assert [
        name for name, text in generated.items() if "chatdb" in text.replace("edit the catalogue or chatdb.yaml", "")
    ] == []


def test_environments_are_apart(repository: Path) -> None:
    """Quotas follow what each environment renders."""
    quotas = [texts(repository / "overlays" / name / "base/generated")["quotas.yaml"] for name in ENVIRONMENTS]
    assert quotas[0] != quotas[1]


def test_explain_and_graph(repository: Path) -> None:
    """Both read the same platform."""
    platform = resolve(LENDING)
    explanation = explain(Sources(repository), platform, platform.component("desk"))
    assert explanation.after == ("ledger",)
    assert {(one.name, one.value) for one in explanation.variables} == {
        ("LEDGER", "ledger.lending-data.svc.cluster.local:9092"),
        ("FOOTPRINTS_URL", "http://footprints.lending-data.svc.cluster.local:4318"),
    }
    assert {str(place).split(":")[0] for place in explanation.overlays} == {"overlays/lab/app/desk.yaml"}
    assert "ledger --> desk" in as_mermaid(platform)

"""What a change of an environment is, for the tests of plans, and the objects that most of them are about."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatdb.plan.sides import Side
from tests.e2e import plan_edits as edit
from tests.e2e.plan_edits import Edit, Inputs

POD = "/spec/template/spec"
FIRST = f"{POD}/containers/0"
PARSER, ENGINE, PROMETHEUS = "Deployment/query-parser", "Deployment/ml-engine", "Deployment/prometheus"
POSTGRES, KAFKA, MINIO = "StatefulSet/postgres", "StatefulSet/kafka", "Deployment/minio"
PARSER_CONFIG = "ConfigMap/query-parser-config"
TESTS = "Job/integration-tests"
POLICY = "NetworkPolicy/chatdb-services/allow-dns"
CLAIM = "PersistentVolumeClaim/minio-pvc"
STORAGE = "/spec/resources/requests/storage"
TEMPLATE_STORAGE = "/spec/volumeClaimTemplates/0/spec/resources/requests/storage"
SERVICE = "Service/query-parser"
PINNED = "0123456789abcdef0123456789abcdef01234567"
DIGEST = f"@sha256:{'0123456789abcdef' * 4}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A change of minikube: of its inputs first, and of the manifests that they give.

    `before` changes what it starts from. `rules` are all that find something.
    """

    id: str
    edits: tuple[Edit, ...] = ()
    inputs: Inputs | None = None
    before: tuple[Edit, ...] = ()
    before_inputs: Inputs | None = None
    rules: frozenset[str] = frozenset()

    def sides(self, base: Side, folder: Path) -> tuple[Side, Side]:
        """The environment before and after the change; the folder has to be new."""
        start = edit.generated(folder / "before", self.before_inputs) if self.before_inputs else base
        before = edit.edited(start, *self.before)
        after = edit.generated(folder / "after", self.inputs) if self.inputs else before
        return before, edit.edited(after, *self.edits)


def manifests(id_: str, *edits: Edit, rules: str = "", before: tuple[Edit, ...] = ()) -> Case:
    """A change of manifests; `rules` are names with spaces between them."""
    return Case(id=id_, edits=edits, before=before, rules=frozenset(rules.split()))


def generated(id_: str, inputs: Inputs, rules: str = "", before: Inputs | None = None, **more: Any) -> Case:
    """A change of inputs."""
    return Case(id=id_, inputs=inputs, before_inputs=before, rules=frozenset(rules.split()), **more)

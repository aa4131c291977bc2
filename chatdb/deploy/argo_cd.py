"""Deploying by Argo CD: it is installed with its gate, told of the repository, and watched until all waves are done."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatdb.deploy.cleanup import applications as existing_applications
from chatdb.deploy.grace import GracePeriods, Limits, detail
from chatdb.deploy.kubectl import APPLY, Kubectl
from chatdb.deploy.objects import Manifest, key, ready
from chatdb.deploy.plan import Plan, Step
from chatdb.deploy.reasons.applications import FAILED, NAMESPACE, UNDER_WAY, is_fine, reasons_of_application
from chatdb.deploy.rollout import POLL, Line, State, Tell
from chatdb.deploy.snapshot import Snapshot, look
from constructs_lib.kustomize import kustomize
from constructs_lib.model import Operator
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.settings import FILE, Settings
from constructs_lib.yaml_loader import load_all

INSTALL = "argocd/install"
DEFINITIONS = ("applications.argoproj.io", "appprojects.argoproj.io")
ROLLED_OUT = ("Deployment", "StatefulSet")
KINDS = "deployments.apps,replicasets.apps,statefulsets.apps,pods"
EXAMPLE = "https://git.example/"
OFFLINE = (
    "the install's base is remote, and needs git and a network: on a machine without them, fetch it elsewhere, and give"
    " the folder with --install"
)


def refuse_example(settings: Settings) -> None:
    """InvalidInput where Argo CD would be sent to a repository that is none."""
    if settings.repository.startswith(EXAMPLE):
        fix = "`chatdb init --repository <yours>`, `chatdb synth`, commit and push"
        raise InvalidInput([Problem(FILE, "the repository is still the example, and Argo CD cannot fetch it", fix)])


def refuse_followed(kubectl: Kubectl, settings: Settings) -> None:
    """InvalidInput where Argo CD deploys the environment already: it would heal away what is applied beside it."""
    if existing_applications(kubectl).get(settings.applications):
        fix = "commit and push, or watch it with --argocd; `chatdb cleanup --keep-data` takes its Applications away"
        raise InvalidInput([Problem("cluster", "Argo CD deploys the platform here", fix)])


def bootstrap(root: Path, environment: str) -> list[Manifest]:
    """What a person applies: projects and root."""
    folder = root / "argocd" / environment
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("projects.yaml", "root.yaml")]
    return [manifest for text in texts for manifest in load_all(text)]


def as_text(kubectl: Kubectl, environment: str, folder: str, seconds: int) -> Iterator[str]:
    """The commands that do the same by hand."""
    apply = kubectl.text(*APPLY)
    yield f"kustomize build {folder} | {apply}"
    yield kubectl.text(*_wait_known(seconds))
    yield f"# wait for at most {seconds} s until the workloads of namespace {NAMESPACE} are ready"
    yield f"cat argocd/{environment}/projects.yaml argocd/{environment}/root.yaml | {apply}"
    yield f"# wait for at most {seconds} s for each wave until its Applications are Synced and Healthy"


def _wait_known(seconds: float) -> tuple[str, ...]:
    names = (f"crd/{name}" for name in DEFINITIONS)
    return "wait", "--for=condition=Established", *names, f"--timeout={seconds:g}s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Following:
    """A deployment by Argo CD under way; `tell` hears of every step with a line for each operator and each tier."""

    kubectl: Kubectl
    settings: Settings
    plan: Plan
    operators: Sequence[Operator]
    limits: Limits
    tell: Tell

    def install(self, root: Path, folder: Path) -> None:
        """Install Argo CD, or bring it up to date, and wait until it runs."""
        self.kubectl.apply(_built(root, folder))
        self.kubectl.run(*_wait_known(self.limits.wave), seconds=self.limits.wave + POLL)
        deadline = time.monotonic() + self.limits.wave
        periods = GracePeriods(self.limits, lambda name: f"{NAMESPACE}/{name}")
        while True:
            seen = look(self.kubectl, KINDS, [NAMESPACE])
            workloads = [manifest for manifest in seen.objects.values() if manifest["kind"] in ROLLED_OUT]
            self.tell([_part(workload, seen) for workload in workloads])
            pending = [workload for workload in workloads if not ready(workload)]
            if not pending:
                return
            periods.check(pending, seen, late=time.monotonic() > deadline)
            time.sleep(POLL)

    def follow(self) -> None:
        """Wait for one wave after the other; InvalidInput where one is stuck."""
        tiers = {component: step.tier for wave in self.plan for step in wave for component in _names(step)}
        for number, wave in enumerate(self.plan):
            deadline = time.monotonic() + self.limits.wave
            periods = GracePeriods(self.limits, lambda name: f"{tiers.get(name, NAMESPACE)}/{name}")
            last = number + 1 == len(self.plan)
            while not self._done(wave, periods, late=time.monotonic() > deadline, last=last):
                time.sleep(POLL)

    def _done(self, wave: Sequence[Step], periods: GracePeriods, *, late: bool, last: bool) -> bool:
        applications, seen = existing_applications(self.kubectl), look(self.kubectl)
        details = {self._name(step): _details(step, seen) for step in self._steps()}
        tiers = [_line(step.tier, self._name(step), applications, details[self._name(step)]) for step in self._steps()]
        operators = [self.settings.application(operator.application) for operator in self.operators]
        first = [_line(NAMESPACE, name, applications) for name in (self.settings.applications, *operators)]
        self.tell([*first, *tiers])
        names = [*operators, *map(self._name, wave)] + ([self.settings.applications] if last else [])
        slow = [name for name in names if not is_fine(applications.get(name, {}))]
        if not slow:
            return True
        if late:
            late_ones = (_late(name, applications.get(name, {}), details.get(name, ())) for name in slow)
            raise InvalidInput(problem for problems in late_ones for problem in problems)
        periods.check([one for step in wave for one in _pending(step, seen)], seen, late=False)
        return False

    def _name(self, step: Step) -> str:
        return self.settings.application(step.tier)

    def _steps(self) -> Iterator[Step]:
        return (step for wave in self.plan for step in wave)


def _part(workload: Manifest, seen: Snapshot) -> Line:
    """A workload of Argo CD itself."""
    name = workload["metadata"]["name"]
    if ready(workload):
        return Line(NAMESPACE, name, State.READY)
    return Line(NAMESPACE, name, State.ROLLING, detail(workload, seen))


def _line(tier: str, name: str, applications: Mapping[str, Manifest], details: Iterable[str] = ()) -> Line:
    """An Application, and what is not ready of its tier."""
    application = applications.get(name)
    if application is None:
        return Line(tier, name, State.WAITING)
    if is_fine(application):
        return Line(tier, name, State.READY, f"at {_revision(application)}")
    return Line(tier, name, State.ROLLING, "; ".join([state(application), *details]))


def _details(step: Step, seen: Snapshot) -> list[str]:
    """What the cluster has of the tier that is not ready, and what holds it up."""
    return [f"{one['metadata']['name']}: {detail(one, seen)}" for one in _pending(step, seen)]


def _built(root: Path, folder: Path) -> list[Manifest]:
    try:
        return kustomize(root, folder)
    except InvalidInput as error:
        raise InvalidInput([Problem(one.where, one.what, OFFLINE) for one in error.problems]) from error


def _names(step: Step) -> Iterator[str]:
    return (manifest["metadata"].get("labels", {}).get("app", "") for manifest in step.waited)


def _pending(step: Step, seen: Snapshot) -> list[Manifest]:
    """What the cluster has of the tier, and is not ready."""
    there = (seen.objects.get(key(wanted)) for wanted in step.waited)
    return [manifest for manifest in there if manifest and not ready(manifest)]


def state(application: Mapping[str, Any]) -> str:
    """What Argo CD says of it, in one line."""
    status = application.get("status", {})
    sync, health = (status.get(name, {}).get("status") for name in ("sync", "health"))
    operation = status.get("operationState", {})
    notes = [condition.get("message", "") for condition in status.get("conditions", [])]
    if operation.get("phase") in FAILED:
        notes.append(operation.get("message", ""))
    if "operation" in application or operation.get("phase") in UNDER_WAY:
        notes.append("an operation is under way")
    # Until the first comparison the status is an empty text.
    words = f"{sync} and {health or 'Unknown'}" if sync else "not compared with the repository yet"
    return "; ".join([words, *(note for note in notes if note)])


def _revision(application: Mapping[str, Any]) -> str:
    return str(application["status"]["sync"].get("revision", ""))[:7]


def _late(name: str, application: Mapping[str, Any], details: Iterable[str]) -> Iterator[Problem]:
    """What Argo CD says of it, with each fix; where it says nothing, how far the Application is."""
    where = f"Application {name}"
    known = list(reasons_of_application(dict(application), None, datetime.now(UTC))) if application else []
    yield from (Problem(where, reason.message, reason.fix) for reason in known)
    if not known:
        message = "; ".join([state(application), *details]) if application else "there is no such Application yet"
        fix = f"`kubectl describe application -n {NAMESPACE} {name}`; a private repository: docs/argo-cd.md"
        yield Problem(where, message, fix)

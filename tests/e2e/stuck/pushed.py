"""What is pushed and does not work: Argo CD can't compare it, can't apply it, or may not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

import yaml

from chatdb.deploy.objects import ready
from tests.e2e.addresses import Programmed
from tests.e2e.api import Manifest
from tests.e2e.deploying import FAILS
from tests.e2e.deployment import Deployment
from tests.e2e.stuck.case import POD, Case, Cause, Made, as_printed, until
from tests.e2e.target import define_kinds

SERVICES = "chatdb-services"
TAKEN = 90
"""Seconds within which Argo CD tries again what it could not apply."""
PLATFORM, ROOT_APP = "chatdb-platform", "chatdb"
OVERLAY = "overlays/minikube"


def push(platform: Deployment, message: str, *tiers: str) -> None:
    """Commit and push all that is changed, and have Argo CD look at once."""
    platform.origin.commit_as_it_is(message)
    for name in (ROOT_APP, *map(platform.child, tiers)):
        platform.argo_cd.look(name)


def take_back(tier: str) -> Callable[[Deployment, Cause], None]:
    """Revert the last commit, and push."""

    def fix(platform: Deployment, _cause: Cause) -> None:
        platform.origin.git("revert", "--no-edit", "HEAD")
        platform.origin.push()
        platform.argo_cd.look(platform.child(tier))

    return fix


def pushed(tier: str, change: Callable[[Deployment], None]) -> Made:
    """A change of the overlay is pushed."""

    @contextmanager
    def made(platform: Deployment) -> Iterator[None]:
        change(platform)
        push(platform, "A change", tier)
        yield

    return made


def patched(tier: str, kind: str, name: str, operations: Sequence[Mapping[str, object]]) -> Made:
    """A patch of one object of the tier is pushed."""
    return pushed(tier, lambda platform: platform.origin.patch(tier, {"kind": kind, "name": name}, operations))


def added(tier: str, manifest: Manifest) -> Made:
    """One more object of the tier is pushed."""

    def change(platform: Deployment) -> None:
        folder = platform.origin.work / OVERLAY / tier
        name = f"{manifest['kind'].lower()}.yaml"
        (folder / name).write_text(yaml.safe_dump(manifest))
        content = yaml.safe_load((folder / "kustomization.yaml").read_text())
        content["resources"].append(name)
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(content))

    return pushed(tier, change)


def hooked(platform: Deployment) -> AbstractContextManager[None]:
    """A hook is pushed with another change: a hook alone starts no sync."""
    platform.origin.mark("edge", "hooked")
    return added("edge", HOOK)(platform)


def labelled(version: str, kind: str, spec: Manifest, annotations: Mapping[str, str] | None = None) -> Manifest:
    """An object of a component."""
    labels = {"app": "test-service", "app.kubernetes.io/part-of": "chatdb"}
    metadata = {"name": "more", "namespace": SERVICES, "labels": labels, "annotations": dict(annotations or {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


GATEWAY = labelled(
    "gateway.networking.k8s.io/v1",
    "Gateway",
    {"gatewayClassName": "any", "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]},
)
CRON = labelled("batch/v1", "CronJob", {"schedule": "0 3 1 1 *", "jobTemplate": {"spec": {"template": {"spec": POD}}}})
HOOK = labelled(
    "batch/v1",
    "Job",
    {"backoffLimit": 0, "template": {"metadata": {"annotations": {FAILS: "job"}}, "spec": POD}},
    {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation"},
)


def install_kinds(platform: Deployment, _cause: Cause) -> None:
    """Install the definitions, and a controller, which here only answers."""
    define_kinds(platform.api, group="gateway")
    controller = Programmed(platform.api)
    controller.start()
    gateway = (GATEWAY["apiVersion"], "Gateway", SERVICES, "more")
    until(lambda: ready(platform.api.read(*gateway)), TAKEN)
    controller.stop()


def allow_kind(platform: Deployment, _cause: Cause) -> None:
    """Name it in chatdb.yaml, generate, push, and apply the projects."""
    settings = platform.origin.work / "chatdb.yaml"
    content = yaml.safe_load(settings.read_text())
    content["environments"]["minikube"]["kinds"] = ["batch/CronJob"]
    settings.write_text(yaml.safe_dump(content, sort_keys=False))
    platform.origin.run("synth")
    push(platform, "Allow CronJobs", "edge")
    _apply_projects(platform)


def _apply_projects(platform: Deployment) -> None:
    text = (platform.origin.work / "argocd/minikube/projects.yaml").read_text()
    for project in yaml.safe_load_all(text):
        platform.api.apply(project)


@contextmanager
def broken_overlay(platform: Deployment) -> Iterator[None]:
    """What is pushed does not build; the clone is ahead, where somebody is correcting it."""
    overlay = platform.origin.work / OVERLAY / "edge/kustomization.yaml"
    text = overlay.read_text()
    overlay.write_text(text.replace("generated", "nowhere"))
    push(platform, "Broken", "edge")
    overlay.write_text(text)
    yield


def push_correction(platform: Deployment, _cause: Cause) -> None:
    """Push what the clone has."""
    push(platform, "Corrected", "edge")


@contextmanager
def unpushed_pin(platform: Deployment) -> Iterator[None]:
    """The tiers are pinned to a commit that only the clone has."""
    origin = platform.origin
    origin.git("checkout", "--quiet", "-b", "side")
    origin.mark("edge", "unpushed")
    origin.git("add", "--all")
    origin.git("commit", "--quiet", "--message", "Not pushed")
    held = origin.git("rev-parse", "HEAD")
    origin.git("checkout", "--quiet", "main")
    (origin.work / "pins").mkdir(exist_ok=True)
    pins = dict.fromkeys(map(str, platform.tiers), held)
    (origin.work / "pins/minikube.yaml").write_text(yaml.safe_dump(pins))
    origin.run("synth")
    push(platform, "Pins")
    yield


@contextmanager
def local_pins(platform: Deployment) -> Iterator[None]:
    """The tiers are pinned in the clone alone."""
    platform.origin.pin()
    yield


def push_pins(platform: Deployment, _cause: Cause) -> None:
    """Push them."""
    platform.origin.push()
    platform.argo_cd.look(ROOT_APP)


def push_side(platform: Deployment, _cause: Cause) -> None:
    """Push the commit."""
    platform.origin.git("push", "--quiet", "origin", "side")
    for tier in platform.tiers:
        platform.argo_cd.look(platform.child(tier))


TEMPLATE = [{"op": "add", "path": "/spec/template/metadata/labels/changed", "value": "yes"}]
PORT = [{"op": "replace", "path": "/spec/ports/0/port", "value": 70000}]


PUSHED: dict[str, Case] = {
    "immutable": Case(
        made=patched("setup", "Job", "kafka-topics-.*", TEMPLATE),
        kind="immutable",
        held_by="Job chatdb-system/kafka-topics-",
        message="field is immutable",
        advice="kubectl delete job -n chatdb-system kafka-topics-",
        fix=as_printed,
    ),
    "invalid": Case(
        made=patched("monitoring", "Service", "jaeger", PORT),
        kind="invalid",
        held_by="Service chatdb-monitoring/jaeger",
        message="is not valid: spec.ports[0].port",
        advice="correct the field",
        fix=take_back("monitoring"),
    ),
    "unknown-kind": Case(
        made=added("edge", GATEWAY),
        kind="kind",
        held_by="CustomResourceDefinition of gateway.networking.k8s.io/Gateway",
        message="does not know the kind Gateway",
        advice="install it",
        fix=install_kinds,
    ),
    "project": Case(
        made=added("edge", CRON),
        kind="project",
        held_by=f"AppProject argocd/{PLATFORM}",
        message="does not permit batch:CronJob",
        advice="`kinds` in chatdb.yaml",
        fix=allow_kind,
    ),
    "hook": Case(
        made=hooked,
        kind="hook",
        held_by=f"Job {SERVICES}/more",
        message="(PreSync) has failed",
        advice="kubectl logs",
        fix=take_back("edge"),
    ),
    "comparison": Case(
        made=broken_overlay,
        kind="ComparisonError",
        held_by="Application argocd/chatdb-edge",
        message="kustomize build",
        advice="chatdb check",
        fix=push_correction,
    ),
}
PINS: dict[str, Case] = {
    "unpushed-pin": Case(
        made=unpushed_pin,
        kind="revision",
        held_by="repository file://",
        message="has no revision",
        advice="push that commit",
        fix=push_side,
    ),
    "local-pins": Case(
        made=local_pins,
        kind="pin",
        held_by="Application argocd/chatdb-platform",
        message="chatdb-platform asks for",
        advice="git push",
        fix=push_pins,
    ),
}

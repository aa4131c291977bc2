"""Every component is rendered with what others need of it: its pods, its Service, its claim."""

from collections.abc import Iterator, Mapping

from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.checks.overlays import deleted_by_traits
from constructs_lib.command import SYNTH
from constructs_lib.footprint import replicas
from constructs_lib.pods import LONG_RUNNING
from constructs_lib.problem import Problem
from constructs_lib.resolved import ResolvedComponent
from constructs_lib.types import type_of


def components_are_complete(inputs: Inputs) -> Iterator[Problem]:
    """Each component of the environment's tiers, unless a trait that is attached deletes it."""
    owned: dict[tuple[str, str, str | None], list[Rendered]] = {}
    for obj in inputs.rendered:
        for app in {labels.get("app") for labels in (obj.labels, obj.pod_labels)}:
            owned.setdefault((obj.tier, obj.namespace, app), []).append(obj)
    for component in inputs.platform.components:
        if component.tier not in inputs.settings.tiers or not type_of(component).rendered:
            continue
        mine = owned.get((component.tier, component.namespace, component.name), [])
        left_out = [one for one in inputs.invalid if _may_be_of(one, component)]
        missing = [] if left_out else list(_missing(component, mine))
        if missing and not any(_is_of(one, component) for one in deleted_by_traits(inputs, component.tier)):
            names = inputs.platform.dependents(component.name)
            needed = f" (dependents: {', '.join(names)})" if names else ""
            for message in missing:
                yield Problem(f"tier {component.tier}", f"{message}{needed}", _fix(inputs, component))


def _is_of(obj: Rendered, component: ResolvedComponent) -> bool:
    labels = (obj.labels, obj.pod_labels)
    return obj.namespace == component.namespace and component.name in (one.get("app") for one in labels)


def _may_be_of(invalid: Rendered, component: ResolvedComponent) -> bool:
    """By whatever can be read of it."""
    labels = invalid.manifest["metadata"].get("labels")
    app = labels.get("app") if isinstance(labels, Mapping) else None
    return invalid.namespace == component.namespace and component.name in (app, invalid.name)


def _missing(component: ResolvedComponent, mine: list[Rendered]) -> Iterator[str]:
    if not mine:
        yield f"{component.name} is not rendered"
        return
    pods = [obj for obj in mine if obj.runs_pods]
    if component.image is None:
        return
    if not pods:
        yield f"{component.name} has no pods"
        return
    number = sum(replicas(workload.manifest) if workload.kind in LONG_RUNNING else 1 for workload in pods)
    if number < min(component.replicas, 1):
        yield f"{component.name} has {number} replicas"
    host = component.host.partition(".")[0]
    services = [obj.spec for obj in mine if obj.kind == "Service" and obj.name == host]
    if component.ports and not any(spec.get("type") != "ExternalName" for spec in services):
        yield f"{component.name} has no Service {host}"
    if component.storage and component.storage.claim not in {name for workload in pods for name in _claims(workload)}:
        yield f"{component.name} does not mount its claim {component.storage.claim}"


def _claims(workload: Rendered) -> Iterator[str]:
    for volume in workload.volumes:
        yield (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
    for template in workload.claim_templates:
        yield (template.get("metadata") or {}).get("name", "")


def _fix(inputs: Inputs, component: ResolvedComponent) -> str:
    """Where the base has it, an overlay takes it away."""
    if (inputs.root / "dist" / component.tier / f"{component.name}.k8s.yaml").is_file():
        overlay = f"overlays/{inputs.settings.environment}/{component.tier}"
        return f"remove the patch in {overlay} that changes it, or remove the component from the catalogue"
    return SYNTH

"""Names, labels and annotations of objects."""

from collections.abc import Mapping

from cdk8s_plus_32 import k8s

from constructs_lib.resolved import ResolvedComponent

KEEP = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
}
"""Argo CD leaves the object and its data alone; the cleanup deletes it explicitly, after asking. Without the second,
what is kept after it has left git would be OutOfSync for ever, and hold all later waves."""


def part_of(platform: str) -> dict[str, str]:
    """The label of everything that belongs to the platform."""
    return {"app.kubernetes.io/part-of": platform}


def selector(component: ResolvedComponent) -> dict[str, str]:
    """The immutable labels that select the component's pods."""
    return {"app": component.name}


def object_labels(component: ResolvedComponent) -> dict[str, str]:
    """Labels of everything that belongs to the component."""
    return {**selector(component), **component.labels, **part_of(component.platform)}


def pod_labels(component: ResolvedComponent) -> dict[str, str]:
    """Labels of the component's pods."""
    return {**object_labels(component), "version": "v1"}


def scrape_annotations(component: ResolvedComponent) -> dict[str, str]:
    """The annotations of pods by which Prometheus finds their metrics."""
    scrape = component.scrape
    if scrape is None:
        return {}
    place = {"prometheus.io/path": scrape.path, "prometheus.io/port": str(scrape.port)}
    return {"prometheus.io/scrape": "true", **place}


def metadata(
    component: ResolvedComponent,
    name: str | None = None,
    *,
    namespace: str | None = None,
    annotations: Mapping[str, str] | None = None,
) -> k8s.ObjectMeta:
    """Metadata of an object of the component: its name and namespace unless told otherwise."""
    return k8s.ObjectMeta(
        name=name or component.name,
        namespace=namespace or component.namespace,
        labels=object_labels(component),
        annotations=annotations,
    )

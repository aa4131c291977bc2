"""Where a kind has its pod template: what constructs_lib/pods.py says is what the schemas of Kubernetes have."""

from collections.abc import Iterator

from constructs_lib.pods import TEMPLATES
from tests.fuzz.kinds import DEFINITIONS, Schema, kinds

POD_SPEC = f"{DEFINITIONS}io.k8s.api.core.v1.PodSpec"
Path = tuple[str, ...]


def pod_specs(node: Schema, definitions: Schema, path: Path = ()) -> Iterator[Path]:
    """The paths of properties, not of lists, that lead to a pod's spec."""
    reference = node.get("$ref", "")
    if reference == POD_SPEC:
        yield path
        return
    node = definitions[reference.removeprefix(DEFINITIONS)] if reference else node
    for name, part in node.get("properties", {}).items():
        # What nests deeper than a template of a template refers to itself.
        if len(path) < 6:
            yield from pod_specs(part, definitions, (*path, name))


def test_every_kind_with_a_pod_template_is_known() -> None:
    """A kind that is missing, or a wrong path, would hide its pods from every rule."""
    templates = {
        (kind.api_version.rpartition("/")[0], kind.name): path[:-1]
        for kind in kinds()
        if kind.kubernetes
        for path in pod_specs(kind.schema, kind.schema.get("$defs", {}))
    }
    assert templates == dict(TEMPLATES)

"""What depends on an environment: the way to DNS, quotas, and the Job that tests all of it; written as plain data.

R is the environment rendered with only that generated in it which follows from the settings alone: the policies of DNS.
The name of the Job is a hash of R, and the quotas hold the peak of R and the Job, so neither depends on itself.
"""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from constructs_lib.footprint import quota
from constructs_lib.gitops.kustomizations import write_kustomization, write_objects
from constructs_lib.job_names import config_data, digest, named_by_content
from constructs_lib.kustomization import DIST, GENERATED, Kustomization
from constructs_lib.kustomize import kustomize, kustomize_each
from constructs_lib.problem import InvalidInput
from constructs_lib.rendered import Manifest, Rendered, identity
from constructs_lib.resolved import NAMESPACE_LABEL, ResolvedPlatform
from constructs_lib.settings import Settings
from constructs_lib.traits import COMPONENTS

Given = Mapping[str, Mapping[str, list[Manifest]]]
"""What the settings alone give: tier -> file name -> objects."""
DIGEST_KEY = "platform.sha256"
"""In the ConfigMap of the tests: SHA-256 of all that the environment runs."""


def folders(platform: ResolvedPlatform, settings: Settings) -> dict[str, Path]:
    """Tier -> the folder of what is generated for it, relative to the repository."""
    return {tier: Path("overlays", settings.environment, tier, GENERATED) for tier in platform.tiers}


def write_generated(root: Path, out: Path, platform: ResolvedPlatform, settings: Settings, rendered: Rendered) -> None:
    """Write overlays/<env>/<tier>/generated below `out`, which has dist/ already.

    InvalidInput where an overlay of the repository `root` does not build.
    """
    given = {platform.namespaces.tier: {"dns.yaml": dns_policies(platform, settings)}}
    objects = _render(root, out, platform, settings, rendered, given)
    files = dict(_generated(platform, settings, rendered, objects, given))
    for tier, folder in folders(platform, settings).items():
        shutil.rmtree(out / folder, ignore_errors=True)
        if tier in files or (tier in settings.tiers and _listed(out, folder.parent)):
            _write(out / folder, files.get(tier, {}))


def _write(folder: Path, files: Mapping[str, list[Manifest]]) -> None:
    for name, manifests in files.items():
        write_objects(folder / name, manifests)
    write_kustomization(folder, sorted(files))


def _listed(out: Path, overlay: Path) -> bool:
    """Whether the tier's overlay lists the folder: then it builds, also where nothing is generated for it."""
    return out / overlay / GENERATED in Kustomization(out, out / overlay).paths("resources")


def _render(
    root: Path, out: Path, platform: ResolvedPlatform, settings: Settings, rendered: Rendered, given: Given
) -> list[Manifest]:
    """R: the hand-written overlays on the new dist/, with what is given in their generated folders; all stays in `out`.

    An overlay that changes nothing gives its base and what is given, for which Kustomize is not started.
    """
    own = shutil.ignore_patterns(GENERATED)
    for path in (Path("overlays", COMPONENTS), Path("overlays", settings.environment)):
        if (root / path).is_dir() and not (out / path).exists():
            # An editor's lock is a link to nowhere.
            shutil.copytree(root / path, out / path, ignore=own, ignore_dangling_symlinks=True)
    for tier, folder in folders(platform, settings).items():
        if (out / folder.parent).is_dir():
            _write(out / folder, given.get(tier, {}))
    overlays = {tier: out / "overlays" / settings.environment / tier for tier in settings.tiers}
    plain = {tier for tier, folder in overlays.items() if _changes_nothing(out, folder)}
    changed = _built(root, out, [folder for tier, folder in overlays.items() if tier not in plain])
    bases = [objects for (folder, _), objects in rendered.charts.items() if folder in plain]
    listed = [tier for tier in sorted(plain & set(given)) if _listed(out, overlays[tier])]
    bases += [manifests for tier in listed for manifests in given[tier].values()]
    return [*(manifest for objects in bases for manifest in objects), *changed]


def _built(root: Path, out: Path, overlays: list[Path]) -> list[Manifest]:
    """The objects of these overlays, which lie in one folder; InvalidInput with every one that does not build."""
    if not overlays:
        return []
    together = overlays[0].parent
    write_kustomization(together, [folder.name for folder in overlays])
    try:
        # Most of the time of a build is Kustomize's start. Together, a name that one overlay generates is followed in
        # the others, too: that changes no quota, and the digest stays a function of the overlays.
        return kustomize(out, together, root)
    except InvalidInput:
        # It names no overlay, and refuses an object that two of them have, which Argo CD does not.
        return [manifest for _, objects in kustomize_each(out, overlays, root) for manifest in objects]


def _changes_nothing(out: Path, overlay: Path) -> bool:
    """Whether the overlay lists its base and what is generated, and nothing else."""
    try:
        content = Kustomization(out, overlay).content
    except InvalidInput:
        return False
    base = f"{DIST}/{overlay.name}"
    return set(content) <= {"apiVersion", "kind", "resources"} and content.get("resources") in (
        [base],
        [base, GENERATED],
    )


def _generated(
    platform: ResolvedPlatform, settings: Settings, rendered: Rendered, objects: list[Manifest], given: Given
) -> Iterator[tuple[str, Mapping[str, list[Manifest]]]]:
    """(tier, file name -> objects)."""
    tests = {tier: _completed(rendered.templates.get(tier, []), objects) for tier in settings.tiers}
    all_objects = [*objects, *(manifest for manifests in tests.values() for manifest in manifests)]
    for tier in settings.tiers:
        files = {**given.get(tier, {}), **({"tests.yaml": tests[tier]} if tests[tier] else {})}
        if tier == platform.namespaces.tier:
            nodes = settings.nodes.count if settings.nodes else 1
            files["quotas.yaml"] = [_quota(platform, name, all_objects, nodes) for name in platform.namespaces.names]
        if files:
            yield tier, files


def _completed(templates: list[Manifest], objects: list[Manifest]) -> list[Manifest]:
    """The tests' objects, with a digest of what they test, and the name of the Job that follows from it."""
    if not templates:
        return []
    tested = digest(sorted(objects, key=identity))
    complete = [_with_digest(one, tested) for one in templates]
    data = config_data([*objects, *complete])
    return [named_by_content(one, one["metadata"]["name"], data) for one in complete]


def _with_digest(manifest: Manifest, tested: str) -> Manifest:
    if manifest["kind"] != "ConfigMap":
        return manifest
    return {**manifest, "data": {**manifest["data"], DIGEST_KEY: tested + "\n"}}


def dns_policies(platform: ResolvedPlatform, settings: Settings) -> list[Manifest]:
    """One for each namespace: its pods may ask the DNS servers of the environment."""
    dns = settings.dns.over(platform.namespaces.dns)
    peers: list[Manifest] = [{"ipBlock": {"cidr": block}} for block in dns.addresses]
    if dns.pods is not None:
        inside = {"matchLabels": {NAMESPACE_LABEL: dns.pods.namespace}}
        peers.insert(0, {"namespaceSelector": inside, "podSelector": {"matchLabels": dict(dns.pods.labels)}})
    ports = [{"protocol": protocol, "port": number} for protocol, number in dns.ports]
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "allow-dns", "namespace": namespace, "labels": _labels(platform)},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": peers, "ports": ports}]},
        }
        for namespace in platform.namespaces.names
    ]


def _labels(platform: ResolvedPlatform) -> dict[str, str]:
    return {"app.kubernetes.io/part-of": platform.name}


def _quota(platform: ResolvedPlatform, namespace: str, objects: list[Manifest], nodes: int) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "quota", "namespace": namespace, "labels": _labels(platform)},
        "spec": {"hard": quota(objects, namespace, nodes)},
    }

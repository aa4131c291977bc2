"""What depends on an environment, written as plain data: the way to DNS, its host, its traits, quotas, and its tests.

Each tier's part is a Kustomize Component, which the tier's overlay lists: so it also changes what the bases have.
R is the environment rendered with only that generated in it which follows from the settings alone. The name of the Job
is a hash of R, and the quotas hold the peak of R and the Job, so neither depends on itself.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from constructs_lib.footprint import quota
from constructs_lib.gitops.delta import Delta
from constructs_lib.gitops.environment_images import (
    EnvironmentImage,
    environment_images,
    kustomize_images,
    used_images,
    with_images,
)
from constructs_lib.gitops.host import at_host, host_patches
from constructs_lib.gitops.kustomizations import write_component, write_objects
from constructs_lib.gitops.variations import OBJECTS, Variation
from constructs_lib.job_names import config_data, digest, named_by_content
from constructs_lib.kustomization import DIST, GENERATED, Kustomization
from constructs_lib.kustomize import kustomize_each
from constructs_lib.operated import made_by_operator
from constructs_lib.problem import InvalidInput
from constructs_lib.rendered import Manifest, Rendered, identity
from constructs_lib.resolved import NAMESPACE_LABEL, ResolvedPlatform
from constructs_lib.settings import Settings
from constructs_lib.traits import COMPONENTS, refuse_misplaced, trait_folders

GENERATED_OR_NOT: tuple[Manifest, ...] = ({}, {"components": [GENERATED]})
TOP = "../../../.."
"""The repository, as these folders see it."""
ADDED = "traits"
"""The component, in the folder of what is generated for a tier, of what only its traits together give."""
DIGEST_KEY = "platform.sha256"
"""In the ConfigMap of the tests: SHA-256 of all that the environment runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What is generated for one tier: objects by file name, and how those of its base are changed.

    `added` are objects that come after the components, as these may take away what it has in another form.
    """

    objects: Mapping[str, list[Manifest]] = field(default_factory=dict)
    components: list[str] = field(default_factory=list)
    added: list[Manifest] = field(default_factory=list)
    patches: list[Manifest] = field(default_factory=list)
    images: list[dict[str, str]] = field(default_factory=list)

    @property
    def changes_base(self) -> bool:
        """Whether it does more than to add objects."""
        return bool(self.components or self.added or self.patches or self.images)

    def write(self, folder: Path) -> None:
        """Write it into the folder, which is empty or not there."""
        for name, manifests in self.objects.items():
            write_objects(folder / name, manifests)
        components = self.components
        if self.added:
            write_objects(folder / ADDED / OBJECTS, self.added)
            write_component(folder / ADDED, resources=[OBJECTS])
            components = [*components, ADDED]
        resources = sorted(self.objects)
        write_component(folder, resources=resources, components=components, patches=self.patches, images=self.images)


def folders(platform: ResolvedPlatform, settings: Settings) -> dict[str, Path]:
    """Tier -> the folder of what is generated for it, relative to the repository."""
    return {tier: Path("overlays", settings.environment, tier, GENERATED) for tier in platform.tiers}


def write_generated(root: Path, out: Path, settings: Settings, rendered: Rendered, own: Variation) -> None:
    """Write overlays/<env>/<tier>/generated below `out`, which has dist/ already.

    `rendered` is the base, `own` what the environment's traits make of it. InvalidInput where an overlay of the
    repository `root` does not build.
    """
    platform = own.platform
    images = environment_images(root, platform.catalogue, settings)
    given = _given(root, out, settings, rendered, own, images)
    objects = _render(root, out, settings, rendered, given)
    hosts = platform.catalogue.host, settings.host
    templates = {
        tier: [with_images(at_host(one, *hosts), images) for one in own.rendered.to_complete(tier)] for tier in given
    }
    parts = dict(_completed_parts(platform, settings, templates, objects, given))
    for tier, folder in folders(platform, settings).items():
        shutil.rmtree(out / folder, ignore_errors=True)
        if tier in settings.tiers and (parts[tier] != Part() or _listed(out, folder.parent)):
            parts[tier].write(out / folder)


def _given(
    root: Path,
    out: Path,
    settings: Settings,
    rendered: Rendered,
    own: Variation,
    images: tuple[EnvironmentImage, ...],
) -> dict[str, Part]:
    """What the settings alone give, for each tier of the environment."""
    platform = own.platform
    patches = host_patches(platform, settings, rendered)
    given = {}
    for tier in settings.tiers:
        rest = own.rest.get(tier, Delta())
        attached = trait_folders(root, out, platform.catalogue, settings.traits, tier)
        folders = (tier, *(f"traits/{Path(folder).parent.name}" for folder in attached))
        bases = [one for folder in folders for one in own.rendered.base(folder)]
        objects = {"dns.yaml": dns_policies(platform, settings)} if tier == platform.namespaces.tier else {}
        given[tier] = Part(
            objects=objects,
            added=list(rest.added.values()),
            components=[f"{TOP}/{folder}" for folder in attached],
            patches=[*(one for folder in folders for one in patches.get(folder, [])), *rest.patches()],
            images=kustomize_images(used_images(images, bases)),
        )
    return given


def _listed(out: Path, overlay: Path) -> bool:
    """Whether the tier's overlay lists the folder: then it builds, also where nothing is generated for it."""
    return out / overlay / GENERATED in Kustomization(out, out / overlay).paths("components")


def _render(root: Path, out: Path, settings: Settings, rendered: Rendered, given: Mapping[str, Part]) -> list[Manifest]:
    """R: the hand-written overlays on the new dist/, with what is given in their generated folders; all stays in `out`.

    An overlay that changes nothing gives its base and what is given, for which Kustomize is not started.
    """
    own = shutil.ignore_patterns(GENERATED)
    for path in (Path("overlays", COMPONENTS), Path("overlays", settings.environment)):
        if (root / path).is_dir() and not (out / path).exists():
            # An editor's lock is a link to nowhere.
            shutil.copytree(root / path, out / path, ignore=own, ignore_dangling_symlinks=True)
    overlays = {tier: out / "overlays" / settings.environment / tier for tier in settings.tiers}
    for tier, folder in overlays.items():
        if folder.is_dir():
            given[tier].write(folder / GENERATED)
    refuse_misplaced(out, overlays.values())
    unchanged = [tier for tier in settings.tiers if not given[tier].changes_base]
    plain = {tier for tier in unchanged if _changes_nothing(out, overlays[tier])}
    built = kustomize_each(out, [folder for tier, folder in overlays.items() if tier not in plain], root)
    changed = [manifest for _, objects in built for manifest in objects]
    bases = [objects for (folder, _), objects in rendered.charts.items() if folder in plain]
    listed = [tier for tier in sorted(plain) if _listed(out, overlays[tier])]
    bases += [manifests for tier in listed for manifests in given[tier].objects.values()]
    return [*(manifest for objects in bases for manifest in objects), *changed]


def _changes_nothing(out: Path, overlay: Path) -> bool:
    """Whether the overlay lists its base and what is generated, and nothing else."""
    try:
        content = Kustomization(out, overlay).content
    except InvalidInput:
        return False
    lists = {key: content[key] for key in content if key not in ("apiVersion", "kind")}
    return lists in ({"resources": [f"{DIST}/{overlay.name}"], **components} for components in GENERATED_OR_NOT)


def _completed_parts(
    platform: ResolvedPlatform,
    settings: Settings,
    templates: Mapping[str, list[Manifest]],
    objects: list[Manifest],
    given: Mapping[str, Part],
) -> Iterator[tuple[str, Part]]:
    """(tier, what is given for it and what follows from R)."""
    tests = {tier: _completed(templates[tier], objects) for tier in given}
    all_objects = [*objects, *(manifest for manifests in tests.values() for manifest in manifests)]
    all_objects += [made for manifest in objects for made in made_by_operator(manifest)]
    for tier, part in given.items():
        files = {**part.objects, **({"tests.yaml": tests[tier]} if tests[tier] else {})}
        if tier == platform.namespaces.tier:
            nodes = settings.nodes.count if settings.nodes else 1
            files["quotas.yaml"] = [_quota(platform, name, all_objects, nodes) for name in platform.namespaces.names]
        yield tier, replace(part, objects=files)


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

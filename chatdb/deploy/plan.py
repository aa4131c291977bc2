"""What is deployed, and in which order: the environment's tiers as Kustomize renders them, wave by wave."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chatdb.deploy.kubectl import APPLY, Kubectl
from chatdb.deploy.objects import WAITED, Manifest, component_of, key, title
from constructs_lib.kustomize import kustomize
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolved import ResolvedComponent, ResolvedPlatform
from constructs_lib.settings import Settings

EARLY = ("Namespace", "ResourceQuota", "LimitRange")
"""Pods are refused until the quotas are counted: these come first, and the rest of the tier waits for them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One tier: where its overlay is, and what that gives, in Kustomize's order."""

    tier: str
    overlay: str
    manifests: tuple[Manifest, ...]

    @property
    def early(self) -> tuple[Manifest, ...]:
        """What has to be there before the rest."""
        return tuple(manifest for manifest in self.manifests if manifest["kind"] in EARLY)

    @property
    def late(self) -> tuple[Manifest, ...]:
        """The rest."""
        return tuple(manifest for manifest in self.manifests if manifest["kind"] not in EARLY)

    @property
    def waited(self) -> tuple[Manifest, ...]:
        """What takes its time."""
        return tuple(manifest for manifest in self.manifests if manifest["kind"] in WAITED)


Plan = tuple[tuple[Step, ...], ...]
"""The steps of each wave."""


def plan(root: Path, platform: ResolvedPlatform, settings: Settings) -> Plan:
    """Render every tier of the environment; InvalidInput where one does not build, or a component is nowhere."""
    tiers = {tier: _step(root, settings.environment, tier) for tier in settings.tiers}
    waves = (tuple(tiers[tier] for tier in wave if tier in tiers) for wave in platform.waves)
    made = tuple(wave for wave in waves if wave)
    unknown = [_unknown(step, manifest) for wave in made for step in wave for manifest in _strangers(step, platform)]
    if unknown:
        raise InvalidInput(unknown)
    return made


def _step(root: Path, environment: str, tier: str) -> Step:
    overlay = f"overlays/{environment}/{tier}"
    return Step(tier=tier, overlay=overlay, manifests=tuple(kustomize(root, root / overlay)))


def _strangers(step: Step, platform: ResolvedPlatform) -> Iterator[Manifest]:
    names = {component.name for component in platform.components}
    return (manifest for manifest in step.waited if component_of(manifest) not in names)


def _unknown(step: Step, manifest: Manifest) -> Problem:
    fix = "give it the label `app` with the name of an entry of the catalogue"
    return Problem(step.overlay, f"{title(manifest)} belongs to no component", fix)


def members(platform: ResolvedPlatform, step: Step) -> tuple[ResolvedComponent, ...]:
    """The components of the tier, by name."""
    return tuple(sorted((c for c in platform.components if c.tier == step.tier), key=lambda c: c.name))


def as_text(plan: Plan, kubectl: Kubectl, seconds: int) -> Iterator[str]:
    """The commands that do the same by hand, and what each applies."""
    for number, wave in enumerate(plan):
        yield f"# wave {number}: {', '.join(step.tier for step in wave)}"
        for step in wave:
            yield f"kustomize build {step.overlay} | {kubectl.text(*APPLY)}"
            yield from (f"#   {title(manifest)}" for manifest in step.manifests)
        waited = sorted({"/".join(key(manifest)[::2]) for step in wave for manifest in step.waited})
        yield f"# wait for at most {seconds} s until these are ready: {', '.join(waited)}"

"""The whole generation: check the inputs, write everything to one side, and publish it."""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from constructs_lib.cache import FOLDER, Cache
from constructs_lib.charts import Charts, Kept
from constructs_lib.command import COMMAND
from constructs_lib.gitops import fingerprint
from constructs_lib.gitops.argo_cd import unsafe_hand_overs, write_argo_cd
from constructs_lib.gitops.generated import folders, write_generated
from constructs_lib.gitops.kustomizations import write_kustomization, write_text
from constructs_lib.gitops.prefix import prefix
from constructs_lib.gitops.publish import differences, publish, recover
from constructs_lib.gitops.variations import trait_deltas, variation, write_trait_deltas
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.render import render
from constructs_lib.resolve import resolve
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings, read_environments, read_settings

Environments = Sequence[Settings]
Kinds = frozenset[tuple[str, str]]
UNSAFE = (
    "warning: {environment}: {tier} is not pinned, and what is autoscaled there changes: in a live cluster that may "
    f"leave one replica; undo it, run `{COMMAND} release -e {{environment}}` first, and read docs/traits.md"
)


def targets(platform: ResolvedPlatform, environments: Environments) -> tuple[str, ...]:
    """What is generated for these environments, relative to the repository."""
    return "dist", *(name for settings in environments for name in _own_targets(platform, settings))


def _own_targets(platform: ResolvedPlatform, settings: Settings) -> tuple[str, ...]:
    environment = settings.environment
    own = (folder.as_posix() for folder in folders(platform, settings).values())
    return f"argocd/{environment}", f"overlays/{environment}/kustomization.yaml", *own


def resolved(
    root: Path, catalogue: Catalogue, environment: str | None = None
) -> tuple[ResolvedPlatform, tuple[Settings, ...]]:
    """The platform, and the settings of all environments or of the one that is named.

    InvalidInput with every problem of both, and of the tags of images.
    """
    problems: list[Problem] = []
    environments, platform = None, None
    try:
        every = environment is None
        environments = read_environments(root, catalogue) if every else (read_settings(root, catalogue, environment),)
    except InvalidInput as error:
        problems += error.problems
    try:
        platform = resolve(catalogue, root)
    except InvalidInput as error:
        problems += error.problems
    if environments is None or platform is None:
        raise InvalidInput(dict.fromkeys(problems))
    return platform, environments


def stage(
    root: Path, platform: ResolvedPlatform, environments: Environments, out: Path, traits: Collection[str] | None = None
) -> dict[str, tuple[ResolvedPlatform, Kinds]]:
    """Write all that is generated for them below the empty folder `out`; InvalidInput where overlays do not build.

    With `traits`, which include theirs, the components of other traits are left out.

    Returns the platform of each environment, as its traits vary it, and the kinds that it may have.
    """
    charts = Charts(Kept(Cache(root / FOLDER), fingerprint.code))
    rendered = render(platform, charts)
    for tier in platform.tiers:
        (out / "dist" / tier).mkdir(parents=True)
    for (folder, chart), text in rendered.texts.items():
        write_text(out / "dist" / folder / f"{chart}.k8s.yaml", text)
    for base in (*(out / "dist").iterdir(), *(out / "dist/traits").glob("*")):
        if base.name != "traits":
            write_kustomization(base, sorted(path.name for path in base.glob("*.k8s.yaml")))
    deltas = trait_deltas(platform, rendered, charts, traits)
    write_trait_deltas(out, deltas)
    problems: list[Problem] = []
    staged: dict[str, tuple[ResolvedPlatform, Kinds]] = {}
    for settings in environments:
        try:
            own = variation(platform, settings, rendered, deltas, charts)
            write_generated(root, out, settings, rendered, own)
        except InvalidInput as error:
            problems += error.problems
            continue
        write_kustomization(out / "overlays" / settings.environment, settings.tiers)
        # What a trait has replaced is still to be deleted.
        kinds = rendered.kinds() | own.rendered.kinds()
        write_argo_cd(out / "argocd" / settings.environment, own.platform, settings, kinds, prefix(root))
        staged[settings.environment] = own.platform, kinds
    if problems:
        raise InvalidInput(problems)
    return staged


def differing(root: Path, platform: ResolvedPlatform, environments: Environments, out: Path) -> tuple[str, ...]:
    """The generated files of the repository that are not as they are staged in `out`."""
    names = (
        f"{target}/{name}"
        for target in targets(platform, environments)
        for name in differences(out / target, root / target)
    )
    return tuple(name.removesuffix("/.") for name in names)


def synthesize(root: Path, catalogue: Catalogue, out: Path) -> tuple[str, ...]:
    """Check, stage and publish; the names of the targets that changed."""
    return publication(root, *resolved(root, catalogue), out)


def publication(root: Path, platform: ResolvedPlatform, environments: Environments, out: Path) -> tuple[str, ...]:
    """Stage below the empty folder `out`, and publish; the names of the targets that changed."""
    names = targets(platform, environments)
    recover(root, names)
    stage(root, platform, environments, out)
    for settings in environments:
        folder = Path("argocd", settings.environment)
        for tier in unsafe_hand_overs(root / folder, out / folder, settings):
            print(UNSAFE.format(environment=settings.environment, tier=tier), file=sys.stderr)
    return publish(root, out, names)

"""The whole generation: check the inputs, write everything to one side, and publish it."""

from pathlib import Path

from constructs_lib.gitops.argo_cd import write_argo_cd
from constructs_lib.gitops.generated import folders, write_generated
from constructs_lib.gitops.kustomizations import write_kustomization, write_objects
from constructs_lib.gitops.prefix import prefix
from constructs_lib.gitops.publish import differences, publish, recover
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.rendered import Rendered
from constructs_lib.resolve import resolve
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings, read_settings


def targets(platform: ResolvedPlatform, settings: Settings) -> tuple[str, ...]:
    """What is generated, relative to the repository."""
    environment = settings.environment
    own = (folder.as_posix() for folder in folders(platform, settings).values())
    return "dist", f"argocd/{environment}", f"overlays/{environment}/kustomization.yaml", *own


def resolved(root: Path, catalogue: Catalogue) -> tuple[ResolvedPlatform, Settings]:
    """The platform and the settings; InvalidInput with every problem of both, and of the tags of images."""
    problems: list[Problem] = []
    settings, platform = None, None
    try:
        settings = read_settings(root, catalogue)
    except InvalidInput as error:
        problems += error.problems
    try:
        platform = resolve(catalogue, root)
    except InvalidInput as error:
        problems += error.problems
    if settings is None or platform is None:
        raise InvalidInput(dict.fromkeys(problems))
    return platform, settings


def stage(root: Path, platform: ResolvedPlatform, settings: Settings, out: Path) -> Rendered:
    """Write everything that is generated below the empty folder `out`; InvalidInput where an overlay does not build."""
    # Imported late: it starts Node, which nobody waits for whose input is wrong.
    from constructs_lib.render import render

    rendered = render(platform)
    for tier in platform.tiers:
        (out / "dist" / tier).mkdir(parents=True)
    for (folder, chart), objects in rendered.charts.items():
        write_objects(out / "dist" / folder / f"{chart}.k8s.yaml", objects)
    for base in (*(out / "dist").iterdir(), *(out / "dist/traits").glob("*")):
        if base.name != "traits":
            write_kustomization(base, sorted(path.name for path in base.glob("*.k8s.yaml")))
    write_generated(root, out, platform, settings, rendered)
    write_kustomization(out / "overlays" / settings.environment, settings.tiers)
    write_argo_cd(out / "argocd" / settings.environment, platform, settings, rendered.kinds(), prefix(root))
    return rendered


def differing(root: Path, platform: ResolvedPlatform, settings: Settings, out: Path) -> tuple[str, ...]:
    """The generated files of the repository that are not as they are staged in `out`."""
    names = (
        f"{target}/{name}"
        for target in targets(platform, settings)
        for name in differences(out / target, root / target)
    )
    return tuple(name.removesuffix("/.") for name in names)


def synthesize(root: Path, catalogue: Catalogue, out: Path) -> tuple[str, ...]:
    """Check, stage and publish; the names of the targets that changed."""
    return publication(root, *resolved(root, catalogue), out)


def publication(root: Path, platform: ResolvedPlatform, settings: Settings, out: Path) -> tuple[str, ...]:
    """Stage below the empty folder `out`, and publish; the names of the targets that changed."""
    names = targets(platform, settings)
    recover(root, names)
    stage(root, platform, settings, out)
    return publish(root, out, names)

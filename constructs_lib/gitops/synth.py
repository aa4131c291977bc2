"""The whole generation: check the inputs, write everything to one side, and publish it."""

from pathlib import Path

from constructs_lib.catalogue.model import Catalogue
from constructs_lib.catalogue.problems import problems
from constructs_lib.gitops.argo_cd import write_argo_cd
from constructs_lib.gitops.kustomizations import write_base, write_environment
from constructs_lib.gitops.publish import publish, recover
from constructs_lib.images import tags
from constructs_lib.problem import InvalidInput
from constructs_lib.settings import Settings, load


def targets(settings: Settings) -> tuple[str, ...]:
    """What is generated, relative to the repository."""
    environment = settings.environment
    return "dist", f"argocd/{environment}", f"overlays/{environment}/kustomization.yaml"


def valid(root: Path, catalogue: Catalogue) -> Settings:
    """The settings; InvalidInput with every problem of them and of the catalogue, or of the tags for its images."""
    found = list(problems(catalogue)) or list(tags.problems(root, catalogue))
    try:
        settings = load(root)
    except InvalidInput as error:
        raise InvalidInput([*error.problems, *found]) from error
    if found:
        raise InvalidInput(found)
    return settings


def stage(root: Path, catalogue: Catalogue, out: Path) -> Settings:
    """Write everything that is generated below the empty folder `out`; InvalidInput before any file is written."""
    settings = valid(root, catalogue)
    _write(root, catalogue, settings, out)
    return settings


def _write(root: Path, catalogue: Catalogue, settings: Settings, out: Path) -> None:
    # Imported late: it starts Node, which nobody waits for whose input is wrong.
    from constructs_lib.app import synth_platform

    # The folders only: the file that lists the tiers beside them is itself generated.
    overlays = sorted(path for path in (root / "overlays").glob("*/*") if path.is_dir())
    kinds = synth_platform(tags.tagged(root, catalogue), out / "dist", overlays=overlays)
    for folder in sorted((out / "dist").iterdir()):
        write_base(folder)
    write_environment(out / "overlays" / settings.environment, settings)
    write_argo_cd(out / "argocd" / settings.environment, settings, kinds)


def synthesize(root: Path, catalogue: Catalogue, out: Path) -> tuple[str, ...]:
    """Stage and publish; the names of the targets that changed."""
    settings = valid(root, catalogue)
    recover(root, targets(settings))
    _write(root, catalogue, settings, out)
    return publish(root, out, targets(settings))

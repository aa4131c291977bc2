"""The largest data sets that each environment's ml-engine trains on, from its memory limit as it is rendered."""

import runpy
from pathlib import Path

from catalogue.components import CATALOGUE
from constructs_lib.kustomize import kustomize
from constructs_lib.quantity import in_bytes, memory_text
from constructs_lib.resolve import resolve

NAME = "ml-engine"


def table(root: Path) -> str:
    """For docs/services.md: the limit of the base, and that of each overlay."""
    tier = resolve(CATALOGUE).component(NAME).tier
    limits = {"`dist/`, without an overlay": _rendered(root, root / "dist" / tier)}
    for folder in sorted(root.glob(f"overlays/*/{tier}")):
        if folder.parent.name != "components":
            limits[folder.parent.name] = _rendered(root, folder)
    # The service's own module, which imports nothing that would have to be installed.
    memory = runpy.run_path(str(root / "services/ml-engine/ml_engine/memory.py"))
    rows = [
        f"| {name} | {memory_text(limit)} | {memory_text(memory['share'](limit))} | {memory['cells'](limit):,} |"
        for name, limit in limits.items()
    ]
    return "\n".join(["| environment | memory limit | of it for training | most cells |", "|---|---|---|---|", *rows])


def _rendered(root: Path, folder: Path) -> int:
    deployments = (each for each in kustomize(root, folder) if each["kind"] == "Deployment")
    (deployment,) = (each for each in deployments if each["metadata"]["name"] == NAME)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return in_bytes(container["resources"]["limits"]["memory"])

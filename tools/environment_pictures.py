"""Pictures of environments and of a promotion, in Mermaid; all names are those that the generator gives."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from chatdb.promotion import branch_name
from constructs_lib.model import Catalogue
from constructs_lib.settings import IN_CLUSTER, IN_CLUSTER_NAME, Settings, pins_path


def environments(every: Iterable[Settings]) -> str:
    """From the base manifests to the cluster of each environment."""
    rows = ["flowchart LR", '  catalogue["catalogue, images.yaml"] --> dist["dist"]']
    for number, one in enumerate(every):
        cluster = IN_CLUSTER_NAME if one.cluster == IN_CLUSTER else one.cluster
        rows += [
            f'  subgraph e{number}["environment {one.environment}"]',
            f'    overlays{number}["overlays/{one.environment}"]',
            f'    argocd{number}["argocd/{one.environment}"]',
            f'    pins{number}["{_pins(one)}"]',
            f"    pins{number} --> argocd{number}",
            "  end",
            f"  dist --> overlays{number}",
            f'  argocd{number} --> root{number}(["Application {one.applications}"])',
            f'  overlays{number} --> root{number} --> cluster{number}[("cluster {cluster}")]',
        ]
    return "\n".join(rows)


def promotion(catalogue: Catalogue, source: Settings, target: Settings) -> str:
    """From a commit to what `target` runs, by way of `source`."""
    branch = branch_name(target, "commit")
    return "\n".join(
        [
            "flowchart LR",
            f'  commit["commit on {source.revision}"]',
            f'  commit -->|"chatdb release -e {source.environment}"| pins0',
            *_rollout(catalogue, source, 0),
            f'  released0 -->|"chatdb promote --from {source.environment} --to {target.environment}"| branch',
            f'  branch["branch {branch}"] -->|"pull request"| pins1',
            *_rollout(catalogue, target, 1),
        ]
    )


def _rollout(catalogue: Catalogue, settings: Settings, number: int) -> Iterator[str]:
    """Pins, the root Application, a wave after the other, and the ConfigMap that says what all tiers run."""
    yield f'  subgraph e{number}["{settings.environment}"]'
    yield f'    pins{number}["{_pins(settings)}"] --> root{number}(["{settings.applications}"])'
    before = f"root{number}"
    for wave in sorted({catalogue.wave(tier) for tier in settings.tiers}):
        names = [settings.application(tier) for tier in settings.tiers if catalogue.wave(tier) == wave]
        own = f"wave{number}_{wave}"
        yield f'    {before} --> {own}(["{"<br>".join(names)}"])'
        before = own
    yield f'    {before} --> released{number}["ConfigMap {settings.released}"]'
    yield "  end"


def _pins(settings: Settings) -> str:
    return pins_path(Path(), settings.environment).as_posix()

"""What a report is made of: the same values as the JSON of `graph`, `explain`, `capacity`, `check` and `images`."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from chatdb import graph_views, schemas, values
from chatdb.explain.component import explain
from chatdb.explain.model import Explanation
from chatdb.explain.sources import of_environment
from chatdb.git import run_git
from chatdb.images.listing import ListedImage, listed
from chatdb.report.outages import Outage, outages
from chatdb.report.traffic import Flow, flows
from chatdb.repository import platform_of
from constructs_lib.checks.capacity import Ledger, ledger
from constructs_lib.checks.model import Finding, Rule
from constructs_lib.checks.render import inputs
from constructs_lib.checks.rules import RULES, run
from constructs_lib.problem import InvalidInput
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """The commit that the files are of, and whether they differ from it."""

    id: str
    changed: bool


@dataclass(frozen=True, kw_only=True)
class Report:
    """One environment; `capacity` is None where nothing is known of its nodes, `commit` where there is no git."""

    settings: Settings
    platform: ResolvedPlatform
    made: datetime
    commit: Commit | None
    explanations: Sequence[Explanation]
    flows: Sequence[Flow]
    outages: Sequence[Outage]
    capacity: Ledger | None
    rules: Sequence[Rule]
    findings: Sequence[Finding]
    images: Sequence[ListedImage]

    def values(self) -> dict[str, Any]:
        """Plain data: what each command prints, by its name; `traffic` and `outages` are the report's own."""
        name = self.settings.environment
        found = dict.fromkeys(self.findings, (name,))
        return {
            "environment": name,
            "made": self.made.isoformat(),
            "commit": asdict(self.commit) if self.commit else None,
            "graph": schemas.document(schemas.GRAPH, **graph_views.as_json(self.platform)),
            "explain": [schemas.document(schemas.EXPLAIN, **asdict(one)) for one in self.explanations],
            "capacity": schemas.document(schemas.CAPACITY, **values.capacity(self.capacity)) if self.capacity else None,
            "check": schemas.document(schemas.CHECK, **values.check(self.rules, found)),
            "images": schemas.document(schemas.IMAGES, images=[asdict(image) for image in self.images]),
            "traffic": [asdict(flow) for flow in self.flows],
            "outages": [asdict(outage) for outage in self.outages],
        }


def collect(root: Path, base: ResolvedPlatform, settings: Settings, made: datetime) -> Report:
    """The environment as its files are now; InvalidInput with every problem."""
    own = platform_of(base, settings)
    order = [component for _, _, components in own.deploy_order() for component in components]
    # Most of the time is that of programs: Kustomize, git, and what rules run.
    with ThreadPoolExecutor(1) as beside:
        known = beside.submit(_of_git, root, own, settings)
        rendered = inputs(root, base, settings)
        found = beside.submit(run, rendered)
        sources = of_environment(rendered)
        explanations = [explain(sources, own, component) for component in order]
        commit, images = known.result()
        findings = list(dict.fromkeys(found.result()))
    return Report(
        settings=settings,
        platform=own,
        made=made,
        commit=commit,
        explanations=explanations,
        flows=flows(own, rendered),
        outages=outages(own),
        capacity=ledger(rendered),
        rules=RULES,
        findings=findings,
        images=images,
    )


def _of_git(root: Path, own: ResolvedPlatform, settings: Settings) -> tuple[Commit | None, list[ListedImage]]:
    return _commit(root), listed(root, own.catalogue, settings, settings.tiers)


def _commit(root: Path) -> Commit | None:
    try:
        head = run_git(root, "rev-parse", "HEAD")
        changed = run_git(root, "status", "--porcelain", "--untracked-files=no")
    except InvalidInput:
        return None
    return Commit(id=head.out.strip(), changed=bool(changed.out.strip())) if not head.code else None

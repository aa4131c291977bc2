"""What docs/traits.md says of every trait: what it changes, its operators, and the Secrets that others have to make."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from catalogue.components import CATALOGUE
from constructs_lib import bucket_policies
from constructs_lib.gitops.argo_cd import kind_name
from constructs_lib.model import Trait
from constructs_lib.options import Backups, ObjectStore, Options
from constructs_lib.resolve import varied
from constructs_lib.resolved import ResolvedPlatform, SecretPlan
from constructs_lib.traits import known_traits, traits

OPTIONS = Options(
    object_store=ObjectStore(endpoint="https://s3.example", host="s3.example", port=443),
    backups=Backups(bucket="backups", schedule="0 0 3 * * *", retention="30d"),
)
"""Some value of each setting that a trait needs."""
EXTERNAL = ("object-store-external", "postgres-cloudnative-pg", "postgres-backups")
"""All that bring somebody who uses a store that others run."""
PURPOSE = {
    "autoscaling": "a HorizontalPodAutoscaler for each HTTP service but test-service, and no replicas in git",
    "external-credentials": "no credentials Job; Sealed Secrets, SOPS or External Secrets make the Secrets below",
    "gateway-api": "a Gateway and HTTPRoutes in place of the Ingresses, for Envoy Gateway (class `eg`)",
    "kafka-three-brokers": "three brokers; each message is on three, and acknowledged by two",
    "object-store-external": "an S3 that others run in place of MinIO; data is not carried over",
    "object-store-versitygw": "Versity S3 Gateway in place of MinIO, a key for each consumer; data is not carried over",
    "postgres-backups": "base backups and WAL of the Cluster in a bucket",
    "postgres-cloudnative-pg": "three instances, one of which writes; each commit is on two",
    "postgres-import": "the Cluster begins with the data of the server of the base, which stays beside it",
}


def table(root: Path, platform: ResolvedPlatform) -> str:
    """One row for each trait that an environment may name."""
    own = {trait.name: trait for trait in CATALOGUE.traits}
    patches = traits(root / "overlays")
    heads = "| trait | what it does | changes | needs | excludes |"
    rows = [
        f"| `{name}` | {PURPOSE[name]} | {_changes(platform, own.get(name), patches.get(name, ()))} "
        f"| {_needs(own.get(name))} | {_listed(sorted(_excluding(name)))} |"
        for name in known_traits(root, CATALOGUE)
    ]
    return "\n".join([heads, "|---|---|---|---|---|", *rows])


def _changes(platform: ResolvedPlatform, trait: Trait | None, patched: Iterable[str]) -> str:
    """By tier, those in which something of the base differs; a trait of patches alone changes what is in its folder."""
    if trait is None:
        return f"tier {', '.join(patched)}"
    tiers = {one.name: one.tier for one in platform.components}
    by_tier: dict[str, list[str]] = {}
    for name in trait.changes(platform.catalogue):
        by_tier.setdefault(tiers[name], []).append(name)
    return "; ".join(f"{tier}: {', '.join(by_tier[tier])}" for tier in platform.tiers if tier in by_tier)


def _needs(trait: Trait | None) -> str:
    if trait is None:
        return ""
    operators = (f"operator {operator.node.name}" for operator in trait.operators)
    setting = [f"setting `{trait.option}`"] if trait.option else []
    return ", ".join([*(f"`{name}`" for name in trait.needs), *setting, *operators])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _excluding(name: str) -> Iterator[str]:
    """The traits that are never beside that one, whichever of both says so."""
    for trait in CATALOGUE.traits:
        if trait.name == name:
            yield from trait.excludes
        elif name in trait.excludes:
            yield trait.name


def operators() -> str:
    """One row for each operator that a trait needs."""
    every = {operator.node.name: operator for trait in CATALOGUE.traits for operator in trait.operators}
    rows = [
        f"| {name} | {one.revision} of {one.repository} | {one.node.namespace} "
        f"| {', '.join(kind_name(*kind) for kind in one.cluster_kinds)} "
        f"| {', '.join(kind_name(*kind) for kind in one.kinds)} |"
        for name, one in every.items()
    ]
    heads = "| operator | version | namespace | kinds of cluster scope | kinds in its namespace |"
    return "\n".join([heads, "|---|---|---|---|---|", *rows])


def secrets(platform: ResolvedPlatform) -> str:
    """The Secrets of the plan, which external-credentials leaves to others, and how each trait changes them."""
    base = _keys(platform.secrets)
    rows = [(*place, keys, "") for place, keys in base.items()]
    for trait in CATALOGUE.traits:
        other = _keys(varied(platform, [*trait.needs, trait.name], OPTIONS).secrets)
        before = _keys(varied(platform, trait.needs, OPTIONS).secrets)
        rows += [(*place, keys, f"`{trait.name}`") for place, keys in other.items() if before.get(place) != keys]
        rows += [(*place, "none", f"`{trait.name}`") for place in before if place not in other]
    return _rows("| namespace | Secret | keys | with the trait |", sorted(rows))


def given_secrets(platform: ResolvedPlatform) -> str:
    """Those in which consumers find what an external node hands out."""
    other = varied(platform, EXTERNAL, OPTIONS)
    keys = _keys(plan for component in other.components for plan in component.more_secrets)
    return _rows("| namespace | Secret | keys |", sorted((*place, text) for place, text in keys.items()))


def policies(platform: ResolvedPlatform) -> str:
    """What each consumer of an external store has to be allowed there, as a policy of its user."""
    other = varied(platform, EXTERNAL, OPTIONS)
    parts = []
    for component in (one for one in other.catalogue.components if one.buckets):
        secrets = other.component(component.name).more_secrets
        names = ", ".join(f"`{secret.namespace}/{secret.name}`" for secret in secrets)
        policy = bucket_policies.of_component(component)
        statements = ",\n".join(f"    {json.dumps(statement)}" for statement in policy["Statement"])
        text = f'{{\n  "Version": "{policy["Version"]}",\n  "Statement": [\n{statements}\n  ]\n}}'
        parts.append(f"**{component.name}**, Secret {names}:\n\n```json\n{text}\n```")
    return "\n\n".join(parts)


def _keys(plans: Iterable[SecretPlan]) -> dict[tuple[str, str], str]:
    return {(plan.namespace, plan.name): ", ".join(plan.keys) for plan in plans}


def _rows(head: str, rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *(f"| {' | '.join(row)} |" for row in rows)])

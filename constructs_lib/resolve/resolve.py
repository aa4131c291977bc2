"""The resolve step: a catalogue is validated once, and everything derived from it becomes frozen data."""

from collections.abc import Mapping
from pathlib import Path

from constructs_lib.model import DNS, Catalogue, Component, External
from constructs_lib.problem import InvalidInput
from constructs_lib.resolve import image_tags
from constructs_lib.resolve.env_vars import env_vars
from constructs_lib.resolve.graph import by_consumer, links_of, startup
from constructs_lib.resolve.policies import external_peer, gateway_policy, policies
from constructs_lib.resolve.problems import problems, problems_of_entries
from constructs_lib.resolve.secrets import more_secrets, secret_plans, with_secret
from constructs_lib.resolve.topics import declared_topics
from constructs_lib.resolved import (
    SECRET_SUFFIX,
    Dns,
    Link,
    Locate,
    Relation,
    ResolvedComponent,
    ResolvedDependency,
    ResolvedGateway,
    ResolvedNamespaces,
    ResolvedPlatform,
    ResolvedPort,
    ResolvedRoute,
    Scrape,
    SecretPlan,
    Surroundings,
    frozen,
    in_cluster,
)
from constructs_lib.types import type_of


def resolve(catalogue: Catalogue, root: Path | None = None) -> ResolvedPlatform:
    """Derive everything; InvalidInput with every problem of the catalogue.

    Images that were built have the tags that images.yaml below `root` says, if there is such a file.
    """
    violations = problems(catalogue) or (image_tags.problems(root, catalogue) if root else ())
    if violations:
        raise InvalidInput(violations)
    return _resolved(image_tags.tagged(root, catalogue) if root else catalogue, in_cluster)


def resolve_draft(catalogue: Catalogue) -> ResolvedPlatform:
    """The same for entries whose migrations are not written yet; InvalidInput with every other problem."""
    if violations := problems_of_entries(catalogue):
        raise InvalidInput(violations)
    return _resolved(catalogue, in_cluster)


def relocated(platform: ResolvedPlatform, locate: Locate) -> ResolvedPlatform:
    """The same platform, whose components find each other at other addresses."""
    return _resolved(platform.catalogue, locate)


def _resolved(catalogue: Catalogue, locate: Locate) -> ResolvedPlatform:
    links = links_of(catalogue)
    secrets = secret_plans(catalogue, links, locate)
    around = Surroundings(
        catalogue=catalogue,
        links=links,
        by_consumer=by_consumer(links),
        secrets=secrets,
        topics=declared_topics(catalogue),
        locate=locate,
    )
    before = startup(catalogue, links, with_secret(catalogue, links))
    owned: dict[str, list[Link]] = {}
    for link in links:
        owned.setdefault(link.owner, []).append(link)
    plans = {plan.component: plan for plan in secrets if plan.name == plan.component + SECRET_SUFFIX}
    components = tuple(
        type_of(entry).resolve(
            _component(around, entry, before[entry.name], owned.get(entry.name, []), plans.get(entry.name)), around
        )
        for entry in catalogue.components
    )
    return ResolvedPlatform(
        catalogue=catalogue,
        components=components,
        links=links,
        topics=around.topics,
        secrets=secrets,
        namespaces=_namespaces(catalogue),
        gateway=_gateway(catalogue, components, links),
    )


def _component(
    around: Surroundings, entry: Component, after: Mapping[str, str], owned: list[Link], secret: SecretPlan | None
) -> ResolvedComponent:
    catalogue = around.catalogue
    links = around.by_consumer.get(entry.name, ())
    return ResolvedComponent(
        platform=catalogue.name,
        name=entry.name,
        type=entry.type,
        tier=str(entry.tier),
        wave=catalogue.wave(entry.tier),
        namespace=str(entry.namespace),
        host=entry.host,
        image=catalogue.image(entry).reference if entry.image else None,
        uid=entry.uid,
        replicas=entry.replicas,
        autoscale=entry.autoscale if entry.autoscaled else None,
        grace_period=entry.grace_period,
        labels=frozen(entry.labels),
        ports=tuple(ResolvedPort(name=port.name, number=port.number) for port in entry.ports),
        resources=entry.resources,
        probes=entry.probes,
        storage=entry.storage,
        schema=entry.schema,
        access=entry.access,
        route=entry.route,
        scrape=Scrape(port=entry.port(entry.metrics).number) if entry.metrics else None,
        after=tuple(sorted(after)),
        dependencies=tuple(_dependency(around, link) for link in links),
        env_vars=tuple(env_vars(catalogue, entry, links, around.locate)),
        secret=secret,
        more_secrets=more_secrets(catalogue, entry, links, around.locate),
        policies=tuple(policies(owned)),
        files=catalogue.files(entry.name),
    )


def _dependency(around: Surroundings, link: Link) -> ResolvedDependency:
    host, number = around.address(link)
    return ResolvedDependency(
        provider=link.provider.name, port=link.port.name, host=host, number=number, relation=link.relation
    )


def _namespaces(catalogue: Catalogue) -> ResolvedNamespaces:
    dns = catalogue.node(DNS)
    protocols = dns.protocols if isinstance(dns, External) else ("TCP",)
    return ResolvedNamespaces(
        platform=catalogue.name,
        tier=catalogue.tiers[0],
        names=tuple(map(str, catalogue.namespaces)),
        dns=Dns(
            pods=external_peer(dns),
            ports=tuple((protocol, port.number) for port in dns.ports for protocol in protocols),
        ),
    )


def _gateway(
    catalogue: Catalogue, components: tuple[ResolvedComponent, ...], links: tuple[Link, ...]
) -> ResolvedGateway | None:
    """What replaces the Ingresses; None where nobody says which controller would serve it, or nothing is routed."""
    routed = [link for link in links if link.relation is Relation.ROUTES]
    if catalogue.gateway_controller is None or not routed:
        return None
    owner = next(component for component in components if component.name == routed[0].owner)
    routes = [
        ResolvedRoute(
            component=link.provider.name,
            port=link.port.number,
            route=link.provider.route,
            policy=gateway_policy(catalogue.gateway_controller, link),
        )
        for link in routed
        if isinstance(link.provider, Component) and link.provider.route
    ]
    return ResolvedGateway(
        platform=catalogue.name,
        owner=owner.name,
        namespace=owner.namespace,
        labels=owner.labels,
        tier=owner.tier,
        host=catalogue.host,
        routes=tuple(routes),
    )

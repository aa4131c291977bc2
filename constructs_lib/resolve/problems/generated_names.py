"""Names that the generator makes of other names: no two objects of one kind and namespace have the same."""

from collections import defaultdict
from collections.abc import Iterator

from constructs_lib.model import Catalogue, Component
from constructs_lib.problem import Problem
from constructs_lib.resolve.graph import links_of
from constructs_lib.resolve.policies import gateway_policy, policies
from constructs_lib.resolve.problems.places import COMPONENTS, TOPICS, where
from constructs_lib.resolve.secrets import in_more_secrets, with_secret
from constructs_lib.resolve.topics import declared_topics
from constructs_lib.resolved import SECRET_SUFFIX, Relation

OWN_ROLES = ("none", "postgres", "public")


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Of policies, Secrets, topics and roles."""
    made: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for link in links_of(catalogue):
        for policy in policies([link]):
            made[policy.namespace, policy.name][f"{link.consumer.name} -> {link.provider.name}"] = None
        controller = catalogue.gateway_controller
        if controller and link.relation is Relation.ROUTES and isinstance(link.provider, Component):
            policy = gateway_policy(controller, link)
            made[policy.namespace, policy.name][f"{controller.name} -> {link.provider.name}"] = None
    for (namespace, name), links in made.items():
        if len(links) > 1:
            message = f"NetworkPolicy {namespace}/{name} would be that of {' and of '.join(links)}"
            yield Problem(COMPONENTS, message, "rename one of the components")
    yield from _secrets(catalogue)
    yield from _topics(catalogue)
    yield from _roles(catalogue)


def _secrets(catalogue: Catalogue) -> Iterator[Problem]:
    """A component's own one, and those in which it finds what ports hand out."""
    links = links_of(catalogue)
    with_own = with_secret(catalogue, links)
    made: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for one in catalogue.components:
        if one.name in with_own:
            made[one.namespace, one.name + SECRET_SUFFIX][f"{one.name} itself"] = None
    for link in links:
        if isinstance(link.consumer, Component) and in_more_secrets(link.consumer, link):
            name = f"{link.consumer.name}-{link.port.secret}"
            made[link.consumer.namespace, name][f"{link.consumer.name} for {link.provider.name}"] = None
    for (namespace, name), users in made.items():
        if len(users) > 1:
            message = f"Secret {namespace}/{name} would be that of {' and of '.join(users)}"
            yield Problem(COMPONENTS, message, "name another secret in the port, or rename one of the components")


def _topics(catalogue: Catalogue) -> Iterator[Problem]:
    """Kafka refuses a topic whose name differs from another's by dots and underscores alone: metrics mix them up."""
    alike: dict[str, dict[str, None]] = defaultdict(dict)
    for topic in declared_topics(catalogue):
        alike[topic.name.replace(".", "_")][topic.name] = None
    for names in alike.values():
        if len(names) > 1:
            yield Problem(TOPICS, f"the topics {' and '.join(names)} are one to Kafka", "rename one of them")


def _roles(catalogue: Catalogue) -> Iterator[Problem]:
    """Roles of PostgreSQL that it has itself, or that are the administrator's."""
    for owner in catalogue.schema_owners:
        if owner.role in OWN_ROLES or owner.role.startswith("pg_"):
            message = f"its role {owner.role} would be one of PostgreSQL's own"
            yield Problem(where(owner), message, "choose another name for the component")

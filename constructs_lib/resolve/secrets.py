"""Secrets: which ones there are, with which keys, and where their values come from."""

from collections.abc import Iterable, Iterator

from constructs_lib.model import Catalogue, Component, External
from constructs_lib.resolve.graph import by_consumer
from constructs_lib.resolved import SECRET_SUFFIX, Link, Locate, SecretPlan
from constructs_lib.types import type_of


def secret_plans(catalogue: Catalogue, links: Iterable[Link], locate: Locate) -> tuple[SecretPlan, ...]:
    """The Secrets of all components that have something to hide, sorted by namespace and name."""
    mine = by_consumer(links)
    plans = (_plan(catalogue, component, mine.get(component.name, ()), locate) for component in catalogue.components)
    return tuple(sorted((plan for plan in plans if plan), key=lambda plan: (plan.namespace, plan.name)))


def given_secrets(component: Component, links: Iterable[Link]) -> tuple[SecretPlan, ...]:
    """The Secrets in which the component finds what external nodes hand out; `links` are its own."""
    keys: dict[str, dict[str, str]] = {}
    for link in links:
        if isinstance(link.provider, External) and link.provider.secret and link.relation.informs:
            keys.setdefault(link.provider.secret, {}).update(link.port.credentials)
    return tuple(
        SecretPlan(
            component=component.name,
            namespace=str(component.namespace),
            name=f"{component.name}-{suffix}",
            derived=dict(sorted(derived.items())),
        )
        for suffix, derived in sorted(keys.items())
        if derived
    )


def with_secret(catalogue: Catalogue, links: Iterable[Link]) -> frozenset[str]:
    """The components that have a Secret; unlike its values, that can be said of a catalogue with problems, too."""
    mine = by_consumer(links)
    return frozenset(
        component.name
        for component in catalogue.components
        if component.generated_secrets
        or component.shared_secrets
        or type_of(component).origin_secrets(catalogue, component)
        or any(_handed_out(component, link) for link in mine.get(component.name, ()))
    )


def secret_keys(catalogue: Catalogue, component: Component, links: Iterable[Link]) -> Iterator[tuple[str, str]]:
    """(key, where it comes from) of the component's Secret, also of a catalogue with problems; `links` are its own."""
    for origin, keys in (
        ("generated_secrets", component.generated_secrets),
        ("shared_secrets", component.shared_secrets),
        (f"type {component.type}", type_of(component).origin_secrets(catalogue, component)),
        (f"type {component.type}", type_of(component).derived_secrets(component)),
    ):
        yield from ((key, origin) for key in keys)
    # One port of one provider hands out the same, however many relations there are to it.
    for origin, link in {f"{link.provider.name}:{link.port.name}": link for link in links}.items():
        yield from ((key, origin) for key in _handed_out(component, link))


def _handed_out(component: Component, link: Link) -> dict[str, str]:
    """Key -> template of what the port of a link hands out to the component."""
    if isinstance(link.provider, External) or not link.relation.informs:
        return {}
    credentials = link.port.credentials.items()
    return {key: template for key, template in credentials if component.schema or "{password}" not in template}


def _plan(catalogue: Catalogue, component: Component, links: Iterable[Link], locate: Locate) -> SecretPlan | None:
    origin = {**component.generated_secrets, **type_of(component).origin_secrets(catalogue, component)}
    derived = _shared(catalogue, component) | _from_links(catalogue, component, links, locate)
    own = {key: _reference(component, key) for key in origin}
    derived |= {key: text.format(**own) for key, text in type_of(component).derived_secrets(component).items()}
    if not origin and not derived:
        return None
    guarded = component.storage if type_of(component).guards_claim else None
    return SecretPlan(
        component=component.name,
        namespace=str(component.namespace),
        name=component.name + SECRET_SUFFIX,
        origin=dict(sorted(origin.items())),
        derived=dict(sorted(derived.items())),
        guard_pvc=f"{guarded.claim}-{component.name}-0" if guarded else None,
    )


def _shared(catalogue: Catalogue, component: Component) -> dict[str, str]:
    """Keys that repeat a generated one of another component."""
    references = {}
    for key, source in component.shared_secrets.items():
        name, _, source_key = source.partition("/")
        references[key] = _reference(catalogue.component(name), source_key)
    return references


def _from_links(catalogue: Catalogue, component: Component, links: Iterable[Link], locate: Locate) -> dict[str, str]:
    """Keys that the ports which the component needs hand out."""
    entries = {}
    for link in links:
        address = locate(link)
        if isinstance(link.provider, External) or not address:
            continue
        values = {key: _reference(link.provider, key) for key in link.provider.generated_secrets}
        if component.schema:
            values["password"] = _role_password(catalogue, component)
        for key, template in _handed_out(component, link).items():
            entries[key] = template.format(host=address[0], port=address[1], role=component.role, **values)
    return entries


def _role_password(catalogue: Catalogue, component: Component) -> str:
    """A reference to the password of the component's role, which the Secret of the Job that makes schemas holds."""
    job = next(c for c in catalogue.components if type_of(c).makes == "schemas")
    return _reference(job, component.password_key)


def _reference(component: Component, key: str) -> str:
    return f"${{{component.namespace}/{component.name}{SECRET_SUFFIX}/{key}}}"

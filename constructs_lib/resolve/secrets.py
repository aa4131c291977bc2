"""Secrets: which ones there are, with which keys, and where their values come from."""

from collections.abc import Iterable, Iterator, Mapping

from constructs_lib.model import Catalogue, Component, External
from constructs_lib.resolve.graph import by_consumer
from constructs_lib.resolved import SECRET_SUFFIX, Link, Locate, SecretPlan
from constructs_lib.types import type_of

PASSWORD = "{password}"  # noqa: S105 - of a template
MAKERS = {"schemas": "schemas", "buckets": "accounts"}
"""What a server holds -> what the Job makes whose Secret has the passwords of those who use it."""


def secret_plans(catalogue: Catalogue, links: Iterable[Link], locate: Locate) -> tuple[SecretPlan, ...]:
    """The Secrets of all components that have something to hide, sorted by namespace and name."""
    mine = by_consumer(links)
    plans: list[SecretPlan] = []
    for component in catalogue.components:
        own = mine.get(component.name, ())
        plans += _plan(catalogue, component, own, locate)
        plans += more_secrets(catalogue, component, [link for link in own if _inside(link)], locate)
    return tuple(sorted(plans, key=lambda plan: (plan.namespace, plan.name)))


def more_secrets(
    catalogue: Catalogue, component: Component, links: Iterable[Link], locate: Locate
) -> tuple[SecretPlan, ...]:
    """The Secrets besides its own in which the component finds what ports hand out; `links` are its own.

    Those of external nodes are made by somebody else: their values are not known.
    """
    keys: dict[str, dict[str, str]] = {}
    for link in links:
        if own := in_more_secrets(component, link):
            filled = _filled(catalogue, component, link, locate) if _inside(link) else own
            keys.setdefault(link.port.secret, {}).update(filled)
    return tuple(
        SecretPlan(
            component=component.name,
            namespace=str(component.namespace),
            name=f"{component.name}-{suffix}",
            origin={},
            derived=dict(sorted(derived.items())),
        )
        for suffix, derived in sorted(keys.items())
        if derived
    )


def in_more_secrets(component: Component, link: Link) -> Mapping[str, str]:
    """Key -> template of what the component finds in the Secret that the port of a link names."""
    if not link.port.secret or not link.relation.informs:
        return {}
    return _handed_out(component, link) if _inside(link) else link.port.credentials


def _inside(link: Link) -> bool:
    """Whether the provider's credentials are made here."""
    return not isinstance(link.provider, External)


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


def _handed_out(component: Component, link: Link) -> Mapping[str, str]:
    """Key -> template of what the port of a link hands out to the component.

    What is each consumer's own goes to those alone who have something there.
    """
    if isinstance(link.provider, External) or not link.relation.informs:
        return {}
    credentials = link.port.credentials
    has_own = component.buckets if type_of(link.provider).holds == "buckets" else component.schema
    return credentials if has_own or not any(PASSWORD in template for template in credentials.values()) else {}


def _plan(catalogue: Catalogue, component: Component, links: Iterable[Link], locate: Locate) -> Iterator[SecretPlan]:
    """The component's own Secret, if it has one."""
    origin = {**component.generated_secrets, **type_of(component).origin_secrets(catalogue, component)}
    derived = _shared(catalogue, component) | _from_links(catalogue, component, links, locate)
    own = {key: _reference(component, key) for key in origin}
    derived |= {key: text.format(**own) for key, text in type_of(component).derived_secrets(component).items()}
    if not origin and not derived:
        return
    guarded = component.storage if type_of(component).guards_claim else None
    yield SecretPlan(
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
    """Keys that the ports which the component needs hand out into its own Secret."""
    entries: dict[str, str] = {}
    for link in links:
        if not link.port.secret:
            entries |= _filled(catalogue, component, link, locate)
    return entries


def _filled(catalogue: Catalogue, component: Component, link: Link, locate: Locate) -> dict[str, str]:
    """What the port of a link hands out, with references to the keys that the values come from."""
    address = locate(link)
    if isinstance(link.provider, External) or not address:
        return {}
    values = {key: _reference(link.provider, key) for key in link.provider.generated_secrets}
    handed_out = _handed_out(component, link)
    if any(PASSWORD in template for template in handed_out.values()):
        values["password"] = _own_password(catalogue, component, link.provider)
    return {
        key: template.format(host=address[0], port=address[1], role=component.role, **values)
        for key, template in handed_out.items()
    }


def _own_password(catalogue: Catalogue, component: Component, provider: Component) -> str:
    """A reference to the component's password there, which the Secret of the Job that makes its account holds."""
    made = MAKERS.get(type_of(provider).holds, "schemas")
    job = next(one for one in catalogue.components if type_of(one).makes == made)
    return _reference(job, component.password_key)


def _reference(component: Component, key: str) -> str:
    return f"${{{component.namespace}/{component.name}{SECRET_SUFFIX}/{key}}}"

"""The Secrets that the credentials Job makes inside the cluster: their names and keys, never their values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from constructs_lib.catalogue.graph import Locate, in_cluster, links_from
from constructs_lib.catalogue.model import Catalogue, Component, External, Kind, nothing

SUFFIX = "-credentials"


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretPlan:
    """One Secret, and where the values of its keys come from.

    `origin` keys are made at random once (key -> kind of value), `derived` ones from those (key -> template with
    ${namespace/secret/key}). `guard_pvc` is a claim whose data was made with the origin's values.
    """

    component: str
    namespace: str
    name: str
    origin: Mapping[str, str] = field(default_factory=nothing)
    derived: Mapping[str, str] = field(default_factory=nothing)
    guard_pvc: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys of the Secret, sorted."""
        return tuple(sorted({*self.origin, *self.derived}))


def secret_name(component: Component) -> str:
    """The name of the component's own Secret."""
    return component.name + SUFFIX


def secret_plan(catalogue: Catalogue, component: Component, locate: Locate = in_cluster) -> SecretPlan | None:
    """The component's Secret, or None where it has nothing to hide."""
    origin = dict(component.generated_secrets)
    if component.kind is Kind.POSTGRES_SCHEMA:
        origin |= {password_key(owner): "password" for owner in schema_owners(catalogue)}
    derived = _shared(catalogue, component) | _from_links(catalogue, component, locate)
    if not origin and not derived:
        return None
    guarded = component.kind is Kind.POSTGRES and component.storage is not None
    return SecretPlan(
        component=component.name,
        namespace=component.namespace,
        name=secret_name(component),
        origin=dict(sorted(origin.items())),
        derived=dict(sorted(derived.items())),
        guard_pvc=f"{component.storage.claim}-{component.name}-0" if guarded and component.storage else None,
    )


def secret_plans(catalogue: Catalogue, locate: Locate = in_cluster) -> tuple[SecretPlan, ...]:
    """All Secrets, sorted by namespace and name."""
    plans = (secret_plan(catalogue, component, locate) for component in catalogue.components)
    return tuple(sorted((plan for plan in plans if plan), key=lambda plan: (plan.namespace, plan.name)))


def schema_owners(catalogue: Catalogue) -> tuple[Component, ...]:
    """The components that own a PostgreSQL schema, sorted by name."""
    return tuple(sorted((c for c in catalogue.components if c.schema), key=lambda c: c.name))


def password_key(owner: Component) -> str:
    """The key under which the schema Job finds the password of the component's role."""
    return f"{owner.role.upper()}_PASSWORD"


def _shared(catalogue: Catalogue, component: Component) -> dict[str, str]:
    """Keys that repeat a generated one of another component."""
    found = {}
    for key, source in component.shared_secrets.items():
        name, _, source_key = source.partition("/")
        found[key] = _reference(catalogue.component(name), source_key)
    return found


def _from_links(catalogue: Catalogue, component: Component, locate: Locate) -> dict[str, str]:
    """Keys that the ports which the component needs hand out."""
    found = {}
    for link in links_from(catalogue, component.name):
        address = locate(link)
        if isinstance(link.provider, External) or not link.relation.informs or not address:
            continue
        values = {key: _reference(link.provider, key) for key in link.provider.generated_secrets}
        if component.schema:
            values["password"] = _role_password(catalogue, component)
        for key, template in link.port.credentials.items():
            if "{password}" in template and not component.schema:
                continue
            found[key] = template.format(host=address[0], port=address[1], role=component.role, **values)
    return found


def _role_password(catalogue: Catalogue, component: Component) -> str:
    """A reference to the password of the component's role, which the schema Job's Secret holds."""
    job = next(c for c in catalogue.components if c.kind is Kind.POSTGRES_SCHEMA)
    return _reference(job, password_key(component))


def _reference(component: Component, key: str) -> str:
    return f"${{{component.namespace}/{secret_name(component)}/{key}}}"

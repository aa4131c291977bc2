"""What a component type is: what its entries must have, what it implies, and how one of its components is resolved."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from constructs_lib.model import Catalogue, Component, Dependency, nothing
from constructs_lib.resolved import Relation, ResolvedComponent, Surroundings

Defect = tuple[str, str]
"""What is wrong with an entry, and the fix; the caller knows the entry."""
Implied = tuple[Relation, Dependency]
"""A dependency that an entry does not name."""
EVERY = frozenset({"name", "tier", "type", "namespace", "labels", "after"})
"""Fields that an entry of any type may set: the generator itself reads them."""
POD = frozenset(
    {
        "image", "uid", "needs", "talks_to", "settings", "produces", "consumes", "buckets", "generated_secrets",
        "shared_secrets", "resources", "grace_period",
    }
)  # fmt: skip
"""Those that take effect on any pod whose construct makes a ConfigMap of its variables."""
SERVER = POD | {"ports", "probes"}
"""Those of a long-running pod behind a Service."""


class ComponentType:
    """One type; a subclass in constructs_lib/types/<type>/spec.py says what is special about it.

    Demands on an entry: `ports` by name, `probes`, `storage`, the Kubernetes API (`api`), a provider of another type
    (`prepares`), which its Job makes ready for others. A type without `pods` has no image, one that is not `rendered`
    no objects; one that does not `scale` runs one pod; one that is `single` makes objects of fixed names; one that
    `drains` still serves for a while after it is told to stop, and so needs a longer grace period.

    `takes` are the fields that its construct and its resolve step read, besides `EVERY` and what it demands; an entry
    that sets another one is refused, so that no field is without effect.

    What others use it for: `holds` is "topics", "schemas" or "buckets" for a server that keeps them; `makes` is
    "secrets", "schemas", "accounts" or "routes" for what makes them of the entries; `tested` components are called by
    the integration tests, `unscraped` ones are watched through their consumers. `external` is a node that must be among
    the catalogue's externals.
    """

    name: ClassVar[str]
    stands_in_for: ClassVar[str] = ""
    """The type whose contract it keeps: name and port of the Service, labels, keys of Secrets and variables."""
    construct: ClassVar[str] = ""
    """The module whose CONSTRUCT builds it; without one, `construct` beside the module of the class."""
    takes: ClassVar[frozenset[str]] = SERVER
    ports: ClassVar[tuple[str, ...]] = ()
    probes: ClassVar[bool] = False
    storage: ClassVar[bool] = False
    pods: ClassVar[bool] = True
    rendered: ClassVar[bool] = True
    scales: ClassVar[bool] = False
    single: ClassVar[bool] = False
    api: ClassVar[bool] = False
    drains: ClassVar[bool] = False
    prepares: ClassVar[str] = ""
    holds: ClassVar[str] = ""
    makes: ClassVar[str] = ""
    tested: ClassVar[bool] = False
    unscraped: ClassVar[bool] = False
    external: ClassVar[str] = ""
    operator: ClassVar[str] = ""
    """The external node that makes the pods of its components, and talks to them."""
    takes_over: ClassVar[bool] = False
    """It can begin with the data of the server that the base has in its place."""
    schema_sql: ClassVar[str] = ""
    """What the Job that makes its schemas runs besides, once nobody may connect who has no grant."""
    settings_needed: ClassVar[tuple[str, ...]] = ()
    guards_claim: ClassVar[bool] = False
    """Its volume was made with its generated secrets: they are never made anew while the volume is there."""

    def per_environment(self, manifest: Mapping[str, Any]) -> bool:
        """Whether each environment completes this object of its chart, so that it is not in dist/."""
        return False

    def readiness_name(self, component: Component) -> str:
        """How the readiness of a service calls a component of this type that it needs."""
        return self.contract.replace("-", " ")

    def ports_of(self, component: Component) -> tuple[str, ...]:
        """The names of the ports that this entry must have."""
        return self.ports

    def problems(self, component: Component) -> Iterable[Defect]:
        """What is wrong with an entry besides the demands above."""
        return ()

    def implies(self, catalogue: Catalogue, component: Component) -> Iterable[Implied]:
        """Dependencies that follow from other entries."""
        return ()

    def settings(self, catalogue: Catalogue, component: Component) -> Mapping[str, str]:
        """Environment variables that the type itself gives."""
        return nothing()

    def origin_secrets(self, catalogue: Catalogue, component: Component) -> Mapping[str, str]:
        """Keys of its Secret that are made at random, besides those of the entry: key -> kind of value."""
        return nothing()

    def derived_secrets(self, component: Component) -> Mapping[str, str]:
        """Keys of its Secret that repeat its generated ones: key -> template with {<generated key>}."""
        return nothing()

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """The component with the data that its construct needs besides."""
        return base

    @property
    def contract(self) -> str:
        """The name of the type that it is to others."""
        return self.stands_in_for or self.name

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that its entries may set, in the order of the model."""
        demands = {"ports": self.ports, "probes": self.probes, "storage": self.storage, "replicas": self.scales}
        known = EVERY | (self.takes if self.pods else self.takes - SERVER)
        return tuple(one.name for one in fields(Component) if one.name in known or demands.get(one.name))

    @property
    def construct_module(self) -> str:
        """Where CONSTRUCT is."""
        return self.construct or f"{type(self).__module__.rpartition('.')[0]}.construct"


def own_file(module: str, name: str, platform: str = "") -> str:
    """The text of a file of the type whose spec or construct is that module; `@platform@` in it becomes the name."""
    folder = Path(str(sys.modules[module].__file__)).parent / "files"
    return (folder / name).read_text(encoding="utf-8").replace("@platform@", platform)


_TYPES: dict[str, ComponentType] = {}


def register(type_: ComponentType) -> None:
    """Make a type known; ValueError where there is one of that name."""
    if type_.name in _TYPES:
        raise ValueError(f"there is a component type {type_.name} already: choose another name")
    _TYPES[type_.name] = type_


def type_names() -> tuple[str, ...]:
    """All types, sorted by name."""
    return tuple(sorted(_TYPES))


def known_type(name: str) -> ComponentType | None:
    """The type of that name; None where there is none."""
    return _TYPES.get(name)


def type_of(component: Component | ResolvedComponent) -> ComponentType:
    """The type of the component; KeyError where there is none, which `problems` reports."""
    return _TYPES[component.type]


def construct_of(name: str) -> Any:
    """The construct that builds components of the type; importing it starts Node."""
    return import_module(_TYPES[name].construct_module).CONSTRUCT

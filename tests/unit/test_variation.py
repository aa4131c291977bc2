"""Traits vary a catalogue: what they may change, in which order, and what is refused."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from catalogue.components import CATALOGUE
from catalogue.traits import TRAITS
from constructs_lib.model import Catalogue, Component, External, Port, Trait
from constructs_lib.options import Options
from constructs_lib.problem import InvalidInput
from constructs_lib.resolve import resolve, varied
from constructs_lib.resolve.variation import operators
from constructs_lib.resolved import Relation, ResolvedPlatform
from tests.repository import PLATFORM, options

Vary = Callable[[Catalogue, Options], Catalogue]
NAMES = tuple(trait.name for trait in TRAITS)


def changed(catalogue: Catalogue, name: str, **values: object) -> Catalogue:
    """The catalogue with other values in one entry."""
    entries: tuple[Component, ...] = tuple(
        replace(one, **values) if one.name == name else one  # type: ignore[arg-type]
        for one in catalogue.components
    )
    return replace(catalogue, components=entries)


def platform_with(vary: Vary, *changes: str) -> ResolvedPlatform:
    """The platform, whose only trait is called `drawn`."""
    return resolve(replace(CATALOGUE, traits=(Trait(name="drawn", vary=vary, changes=lambda _: changes),)))


def test_no_trait_gives_the_platform_itself() -> None:
    """Nothing is resolved anew where nothing is varied; a trait of patches alone varies nothing."""
    assert varied(PLATFORM, ()) is PLATFORM
    assert varied(PLATFORM, ["gateway-api"]) is PLATFORM


def difference(names: Sequence[str], besides: Sequence[str] = ()) -> set[str]:
    """The components that traits change where there are others besides."""
    every = [*names, *besides]
    platforms = (varied(PLATFORM, chosen, options(chosen)) for chosen in (besides, every))
    before, after = ({one.name: one for one in platform.components} for platform in platforms)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.name)
def test_trait_changes_what_it_states(trait: Trait) -> None:
    """Each component that it names differs with one choice of the others; a name that never does is not stated."""
    free = [name for name in ("object-store-external",) if name != trait.name]
    changed = difference([trait.name], trait.needs) | difference([trait.name], [*trait.needs, *free])
    assert changed == set(trait.changes(CATALOGUE))


def test_unstated_change_is_refused() -> None:
    """Where the generator does not know that an object changes, a component would not change it."""

    def vary(catalogue: Catalogue, _: Options) -> Catalogue:
        return changed(changed(catalogue, "jaeger", replicas=1, uid=7), "grafana", uid=7)

    assert varied(platform_with(vary, "jaeger", "grafana"), ["drawn"]).component("jaeger").uid == 7
    with pytest.raises(InvalidInput, match=r"^catalogue/traits.py: drawn: it changes grafana, which it does not state"):
        varied(platform_with(vary, "jaeger"), ["drawn"])


@pytest.mark.parametrize(
    ("field", "vary"),
    [
        ("waves", lambda catalogue, _: replace(catalogue, waves=(*catalogue.waves, ("more",)))),
        ("namespaces", lambda catalogue, _: replace(catalogue, namespaces=(*catalogue.namespaces, "more"))),
        ("gateway", lambda catalogue, _: replace(catalogue, gateway_controller=None)),
    ],
)
def test_change_of_the_whole_platform_is_refused(field: str, vary: Vary) -> None:
    """Namespaces and routes are rendered once, for all environments."""
    with pytest.raises(InvalidInput, match=f"it changes the {field} of the platform, which no trait may"):
        varied(platform_with(vary), ["drawn"])


def test_entry_that_is_not_there_is_named() -> None:
    """A catalogue whose entry was removed keeps its traits: each says what it lacks."""
    platform = platform_with(lambda catalogue, _: changed(catalogue, catalogue.component("none").name))
    with pytest.raises(InvalidInput, match=r"drawn: it changes none, which the catalogue does not have; remove"):
        varied(platform, ["drawn"])


def test_problems_of_the_varied_catalogue_name_the_trait() -> None:
    """The entry alone would look right to whoever reads it."""
    platform = platform_with(lambda catalogue, _: changed(catalogue, "jaeger", image="none"), "jaeger")
    with pytest.raises(InvalidInput, match=r"drawn: it leads to this: catalogue/components.py: jaeger: .*none"):
        varied(platform, ["drawn"])


def test_order_of_names_does_not_matter() -> None:
    """Traits are applied in the catalogue's order, however the settings list them."""
    names = [name for name in NAMES if name != "autoscaling"]
    own = options(names)
    wanted = varied(PLATFORM, names, own)
    for order in list(permutations(names))[::17]:
        other = varied(PLATFORM, order, own)
        assert (other.components, other.links, other.secrets) == (wanted.components, wanted.links, wanted.secrets)


def test_operators_are_external_nodes_that_manage() -> None:
    """Only where a trait needs one: it reaches the port that its component gives it, and nobody starts after it."""
    other = varied(PLATFORM, ["postgres-cloudnative-pg"])
    (operator,) = operators(PLATFORM, ["postgres-cloudnative-pg", "kafka-three-brokers"])
    assert operators(PLATFORM, ["kafka-three-brokers"]) == ()
    assert isinstance(other.catalogue.node(operator.node.name), External)
    links = [link for link in other.links if link.consumer.name == operator.node.name]
    assert [(link.provider.name, link.port.number, link.relation) for link in links] == [
        ("postgres", 8000, Relation.MANAGES)
    ]
    with pytest.raises(KeyError):
        PLATFORM.catalogue.node(operator.node.name)


def test_external_store_needs_its_setting() -> None:
    """Without it, as where the base is generated, the trait changes nothing."""
    assert varied(PLATFORM, ["object-store-external"]).components == PLATFORM.components


def test_buckets_are_called_as_the_store_calls_them() -> None:
    """In the variables of whoever uses one; the endpoint and the port are the store's, too."""
    other = varied(PLATFORM, ["object-store-external"], options(["object-store-external"]))
    variables = {one.name: one.value for one in other.component("model-registry").env_vars}
    assert (variables["S3_BUCKET"], variables["S3_ENDPOINT"]) == ("acme-models", "https://s3.example:9443")
    (policy,) = (one for one in other.component("model-registry").policies if one.name == "model-registry-to-minio")
    assert policy.ports == (("TCP", 9443),)


def test_ports_that_an_entry_has_already_stay() -> None:
    """A catalogue may have three brokers from the beginning: then the trait changes nothing."""
    ports = (*CATALOGUE.component("kafka").ports, Port(name="controller", number=9093))
    platform = resolve(changed(CATALOGUE, "kafka", replicas=3, ports=ports))
    assert varied(platform, ["kafka-three-brokers"]).components == platform.components

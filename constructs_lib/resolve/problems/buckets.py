"""Who uses which bucket: the bucket is declared, and its user depends on the store."""

from collections import Counter
from collections.abc import Collection, Iterator

from constructs_lib.model import Catalogue, Component, External
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems import places
from constructs_lib.resolve.problems.places import COMPONENTS, where
from constructs_lib.resolve.secrets import PASSWORD
from constructs_lib.types import type_of

WRITE = 'buckets=(BucketAccess(bucket="..."),), with write=True where it puts or deletes objects'


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Access to nothing, or twice; access without a store, and a store without access; keys that nobody makes."""
    known = {bucket.name for bucket in catalogue.buckets}
    ports = frozenset(_ports(catalogue))
    for component in catalogue.components:
        for name, count in Counter(own.bucket for own in component.buckets).items():
            if name not in known:
                yield Problem(where(component), f"bucket {name} is not known", f"add it to {places.BUCKETS}")
            if count > 1:
                yield Problem(where(component), f"it names bucket {name} {count} times", "keep one")
        yield from _access(component, ports)
    yield from _makers(catalogue)


def _makers(catalogue: Catalogue) -> Iterator[Problem]:
    """A store that has an account for each consumer."""
    stores = (one for one in catalogue.components if type_of(one).holds == "buckets")
    keys = [key for store in stores for port in store.ports for key in port.credentials.values()]
    makers = {type_of(one).makes for one in catalogue.components}
    if any(PASSWORD in key for key in keys) and "accounts" not in makers:
        message = "keys of buckets are each consumer's own, but no component makes accounts"
        yield Problem(COMPONENTS, message, "add one of type object-store-accounts")


def _access(component: Component, ports: Collection[tuple[str, str]]) -> Iterator[Problem]:
    stores = [one.to for one in (*component.needs, *component.talks_to) if (one.to, one.port) in ports]
    if component.buckets and not stores:
        message = "it names buckets, but depends on no object store"
        yield Problem(where(component), message, "add the dependency to its needs, or remove the buckets")
    # Who prepares the store has all of it.
    if stores and not component.buckets and not type_of(component).prepares:
        message = f"it depends on {stores[0]}, and does not say which buckets it uses"
        yield Problem(where(component), message, f"add {WRITE}")


def _ports(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """(node, port) of each port that hands out keys for buckets."""
    stores: list[Component | External] = [one for one in catalogue.components if type_of(one).holds == "buckets"]
    stores += [one for one in catalogue.externals if one.holds == "buckets"]
    for node in stores:
        yield from ((node.name, port.name) for port in node.ports if port.credentials)

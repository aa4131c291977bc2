"""The setting `object_store`: the store of an environment that runs none."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from constructs_lib.dns import read_addresses, read_pods
from constructs_lib.model import Catalogue
from constructs_lib.options import ObjectStore
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems import value_types
from constructs_lib.resolve.problems.names import BUCKET, LAST_PORT
from constructs_lib.resolve.problems.vocabulary import is_host
from constructs_lib.yaml_files import Place

NOUN = "object_store"
KEYS = ("endpoint", "buckets", "namespace", "labels", "addresses")
ENDPOINT = re.compile(r"https?://(?P<host>[^/:@]+)(:(?P<port>[0-9]{1,5}))?")
BUCKET_FIX = "use 3 to 63 lower-case letters, digits, dots and dashes"
PORTS = {"http": 80, "https": 443}
EXAMPLE = "write something like object_store: {endpoint: https://s3.example}"


def read_object_store(
    raw: Mapping[str, Any], catalogue: Catalogue, environment: Place
) -> tuple[ObjectStore | None, list[Problem]]:
    """The setting among those of an environment, None where it is not there; and what is wrong with it."""
    if NOUN not in raw:
        return None, []
    value, place = raw[NOUN], environment.at(NOUN)
    if not isinstance(value, dict):
        return None, [Problem(str(place), f"{NOUN} is {value!r}", EXAMPLE)]
    problems = [
        Problem(str(place.at(key)), f"{key!r} is not a known setting of {NOUN}", f"use {', '.join(KEYS)}")
        for key in value
        if key not in KEYS
    ]
    problems += [*_endpoint(value, place), *_buckets(value, catalogue, place)]
    problems += read_pods(NOUN, value, catalogue.namespaces, place)
    addresses, of_addresses = read_addresses(NOUN, value, place)
    if "namespace" in value and "addresses" in value:
        fix = "remove one of them: it is either pods of this cluster, or addresses outside"
        of_addresses.append(Problem(str(place), f"{NOUN} has namespace and addresses", fix))
    if problems or of_addresses:
        return None, [*problems, *of_addresses]
    url = urlsplit(value["endpoint"])
    return ObjectStore(
        endpoint=value["endpoint"],
        host=str(url.hostname),
        port=url.port or PORTS[url.scheme],
        buckets=tuple(sorted((value.get("buckets") or {}).items())),
        namespace=value.get("namespace"),
        labels=tuple(sorted((value.get("labels") or {}).items())),
        addresses=addresses,
    ), []


def _endpoint(value: Mapping[str, Any], place: Place) -> Iterator[Problem]:
    endpoint, where = value.get("endpoint"), str(place.at("endpoint"))
    match = ENDPOINT.fullmatch(endpoint) if isinstance(endpoint, str) else None
    if not match or not is_host(match["host"]):
        message = f"{NOUN} has no endpoint" if endpoint is None else f"{NOUN}: endpoint is {endpoint!r}"
        yield Problem(where, message, "write its URL with neither path nor user, like https://s3.example")
    elif match["port"] and not 0 < int(match["port"]) <= LAST_PORT:
        yield Problem(where, f"{NOUN}: {endpoint!r} has no valid port", f"use a number from 1 to {LAST_PORT}")


def _buckets(value: Mapping[str, Any], catalogue: Catalogue, place: Place) -> Iterator[Problem]:
    buckets, own = value.get("buckets"), place.at("buckets")
    if not isinstance(buckets, dict | None):
        fix = "map names of the platform to those of the store, like {models: acme-models}"
        yield Problem(str(own), f"{NOUN}: buckets is {buckets!r}", fix)
        return
    if not buckets or any(value_types.problems(catalogue)):
        return
    # Programs know the others by their names.
    told = {own.bucket for entry in catalogue.components for own in entry.buckets if own.variable}
    known = [one.name for one in catalogue.buckets if one.name in told]
    for name, other in buckets.items():
        if name not in known:
            message = f"{NOUN}: no component has a variable with the bucket {name!r}"
            yield Problem(str(own.at(name)), message, f"use one of: {', '.join(known)}")
        if not isinstance(other, str) or not BUCKET.fullmatch(other):
            message = f"{NOUN}: {other!r} is not a valid name of a bucket"
            yield Problem(str(own.at(name)), message, BUCKET_FIX)

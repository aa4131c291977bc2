"""The trait postgres-import: the server of the base stays, read-only, and the Cluster begins with its data."""

from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from catalogue.components import CATALOGUE
from constructs_lib.model import Trait
from constructs_lib.operated import made_by_operator
from constructs_lib.problem import InvalidInput
from constructs_lib.render import render, render_variation
from constructs_lib.rendered import Rendered
from constructs_lib.resolve import resolve, varied
from tests.repository import PLATFORM

CLUSTER, IMPORT = "postgres-cloudnative-pg", "postgres-import"


@cache
def rendered(*traits: str) -> Rendered:
    """The platform with these traits."""
    base = render(PLATFORM)
    return render_variation(varied(PLATFORM, traits), PLATFORM, base) if traits else base


def one(kind: str, name: str, *traits: str) -> dict[str, Any]:
    """The object of the component postgres, or of its schemas' Job, with this kind and name."""
    charts = [("foundation", "postgres"), ("setup", "postgres-schema")]
    every = [manifest for place in charts for manifest in rendered(*traits).charts[place]]
    (manifest,) = (m for m in every if m["kind"] == kind and m["metadata"]["name"].startswith(name))
    return deepcopy(manifest)


def test_server_of_the_base_stays() -> None:
    """With its name, claims and ConfigMaps, and all but what makes it read-only and tells its pod."""
    base, kept = (one("StatefulSet", "postgres", *traits) for traits in ((), (CLUSTER, IMPORT)))
    template = kept["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert container["args"][-2:] == ["-c", "default_transaction_read_only=on"]
    del container["args"][-2:]
    assert template["metadata"]["labels"].pop("chatdb.io/read-only") == "true"
    assert kept == base
    for name in ("postgres-config", "postgres-files"):
        assert one("ConfigMap", name, CLUSTER, IMPORT) == one("ConfigMap", name)


def test_import_finds_only_the_server_that_is_read_only() -> None:
    """Its Service selects the pod by a label that comes with the setting, so that no write is acknowledged after."""
    spec = one("Cluster", "postgres", CLUSTER, IMPORT)["spec"]
    (source,) = spec["externalClusters"]
    service = one("Service", source["connectionParameters"]["host"], CLUSTER, IMPORT)
    labels = [
        one("StatefulSet", "postgres", *traits)["spec"]["template"]["metadata"]["labels"].items()
        for traits in ((), (CLUSTER, IMPORT))
    ]
    assert [service["spec"]["selector"].items() <= one for one in labels] == [False, True]
    assert spec["bootstrap"]["initdb"]["import"]["source"]["externalCluster"] == source["name"]
    assert [str(port["port"]) for port in service["spec"]["ports"]] == [source["connectionParameters"]["port"]]
    (secret,) = (
        plan for plan in varied(PLATFORM, (CLUSTER, IMPORT)).secrets if plan.name == source["password"]["name"]
    )
    assert source["password"]["key"] in secret.keys


def test_everything_is_imported() -> None:
    """As it is there: a database that initdb made would have neither the grants nor the settings of its roles."""
    initdb = one("Cluster", "postgres", CLUSTER, IMPORT)["spec"]["bootstrap"]["initdb"]
    assert {name: initdb["import"][name] for name in ("type", "databases", "roles")} == {
        "type": "monolith",
        "databases": ["*"],
        "roles": ["*"],
    }
    assert not {"database", "owner"} & set(initdb)


def test_only_the_bootstrap_ends_with_the_trait() -> None:
    """What the operator looks at after the first start is the same with and without it."""
    with_import, without = (one("Cluster", "postgres", *traits) for traits in ((CLUSTER, IMPORT), (CLUSTER,)))
    for cluster in (with_import, without):
        cluster["spec"].pop("bootstrap")
        cluster["spec"].pop("externalClusters", None)
    assert with_import == without


def test_names_of_operated_pods_are_nobodys() -> None:
    """What the operator makes of the Cluster stands beside the StatefulSet of the base under another name."""
    made = made_by_operator(one("Cluster", "postgres", CLUSTER, IMPORT))
    names = [manifest["metadata"]["name"] for manifest in made if manifest["kind"] == "StatefulSet"]
    assert names
    assert one("StatefulSet", "postgres", CLUSTER, IMPORT)["metadata"]["name"] not in names


def test_schemas_are_made_on_the_new_server() -> None:
    """The Job runs again there: what is not in a dump is granted and revoked anew."""
    before, after = (one("Job", "postgres-schema", *traits)["metadata"]["name"] for traits in ((), (CLUSTER,)))
    assert before != after
    sql = one("ConfigMap", "postgres-schema-files", CLUSTER)["data"]["prepare.sql"].splitlines()
    revoked = [number for number, line in enumerate(sql) if line.startswith("REVOKE CONNECT")]
    granted = [number for number, line in enumerate(sql) if line.startswith("GRANT CONNECT")]
    assert granted
    assert max(revoked) < min(granted)


def test_nothing_is_kept_that_nobody_takes_over() -> None:
    """Kafka's brokers do not begin with the data of others."""
    trait = Trait(name="kept", vary=lambda catalogue, _: catalogue, changes=lambda _: ("kafka",), keeps=("kafka",))
    platform = resolve(replace(CATALOGUE, traits=(trait,)))
    with pytest.raises(InvalidInput, match="keeps kafka, and nothing takes over its data; remove it"):
        varied(platform, ("kept",))

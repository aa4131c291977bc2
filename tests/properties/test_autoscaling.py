"""Autoscaled components: what is rendered for them, and that no Application sets the replicas that autoscalers do."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalogue.components import CATALOGUE
from chatdb.release import pins_of
from constructs_lib.gitops.argo_cd import application, unsafe_hand_overs, write_argo_cd
from constructs_lib.model import Autoscale
from constructs_lib.render import render
from constructs_lib.resolve import resolve
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings, read_settings
from tests.repository import ROOT

NAME, TIER = "ml-engine", "processing"
DEPLOYMENT = f"chatdb-services/{NAME}"
COMMIT = "1" * 40
SETTINGS = read_settings(ROOT, CATALOGUE, "minikube")
PINNED = replace(SETTINGS, pins=((TIER, COMMIT),))
IGNORED = [
    {
        "group": "apps",
        "kind": "Deployment",
        "namespace": "chatdb-services",
        "name": NAME,
        "jsonPointers": ["/spec/replicas"],
    }
]
RESPECT = "RespectIgnoreDifferences=true"


def platform(*names: str, **values: Any) -> ResolvedPlatform:
    """The platform, where the components of these names are autoscaled."""
    components = (replace(one, autoscaled=True, **values) if one.name in names else one for one in CATALOGUE.components)
    return resolve(replace(CATALOGUE, components=tuple(components)))


BASE, SCALED = platform(), platform(NAME)


def objects(resolved: ResolvedPlatform) -> dict[str, dict[str, Any]]:
    """What is rendered of ml-engine, by kind."""
    one = replace(resolved, components=(resolved.component(NAME),), gateway=None)
    return {manifest["kind"]: manifest for manifest in render(one).charts[TIER, NAME]}


def spec(resolved: ResolvedPlatform, settings: Settings, tier: str = TIER) -> dict[str, Any]:
    """What the tier's Application asks for."""
    made: dict[str, Any] = application(resolved, settings, tier, "")["spec"]
    return made


def test_defaults() -> None:
    """Without the switch the entry's figures have no effect: git says how many replicas there are."""
    made = objects(BASE)
    assert made["Deployment"]["spec"]["replicas"] == 1
    assert made.keys().isdisjoint({"HorizontalPodAutoscaler", "PodDisruptionBudget"})


def test_custom() -> None:
    """The autoscaler has the entry's figures, goes down slowly, and alone says how many replicas there are."""
    made = objects(platform(NAME, autoscale=Autoscale(min=2, max=3, cpu_percent=55)))
    assert "replicas" not in made["Deployment"]["spec"]
    assert made["HorizontalPodAutoscaler"]["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
        "minReplicas": 2,
        "maxReplicas": 3,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 55}},
            }
        ],
        "behavior": {
            "scaleDown": {
                "stabilizationWindowSeconds": 300,
                "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
            }
        },
    }


def test_one_pod_at_a_time_is_taken_away() -> None:
    """Whatever the number of replicas is at that time."""
    assert objects(SCALED)["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1


def test_application_leaves_replicas_alone() -> None:
    """Those of the tier's autoscaled Deployments, also when it applies them; of no others, and in no other tier."""
    made = spec(SCALED, SETTINGS)
    assert made["ignoreDifferences"] == IGNORED
    assert RESPECT in made["syncPolicy"]["syncOptions"]
    for other in (spec(SCALED, SETTINGS, "core"), spec(BASE, SETTINGS)):
        assert "ignoreDifferences" not in other
        assert RESPECT not in other["syncPolicy"]["syncOptions"]


def test_pinned_tier_is_as_its_commit() -> None:
    """Until the next release it has the manifests that an autoscaler needs, whatever the code gives now."""
    recorded = replace(PINNED, autoscaled=((TIER, (DEPLOYMENT,)),))
    assert spec(BASE, recorded)["ignoreDifferences"] == IGNORED
    assert spec(SCALED, recorded)["ignoreDifferences"] == IGNORED
    assert "ignoreDifferences" not in spec(BASE, recorded, "core")


def test_pins_name_what_the_commit_autoscales() -> None:
    """A file of pins is as before where it autoscales nothing."""
    scaler = objects(SCALED)["HorizontalPodAutoscaler"]
    of_set = {**scaler, "spec": {**scaler["spec"], "scaleTargetRef": {"kind": "StatefulSet", "name": "postgres"}}}
    tiers = dict.fromkeys(SETTINGS.tiers, COMMIT)
    assert pins_of(SETTINGS, COMMIT, {TIER: [scaler, of_set], "core": [of_set]}) == {
        **tiers,
        "autoscaled": {TIER: [DEPLOYMENT]},
    }
    assert pins_of(SETTINGS, COMMIT, {"core": [of_set]}) == tiers


@pytest.mark.parametrize(
    ("before", "after", "settings", "warned"),
    [
        (BASE, SCALED, SETTINGS, [TIER]),
        (SCALED, BASE, SETTINGS, [TIER]),
        (BASE, SCALED, PINNED, []),
        (SCALED, SCALED, SETTINGS, []),
        (None, SCALED, SETTINGS, []),
    ],
    ids=["on", "off", "pinned", "same", "new"],
)
def test_hand_over_that_nothing_orders(
    before: ResolvedPlatform | None, after: ResolvedPlatform, settings: Settings, warned: list[str], tmp_path: Path
) -> None:
    """A tier that follows a branch may get its new manifests before its Application is changed."""
    old, new = tmp_path / "old", tmp_path / "new"
    if before:
        write_argo_cd(old, before, settings, [], "")
    write_argo_cd(new, after, settings, [], "")
    assert list(unsafe_hand_overs(old, new, settings)) == warned


def test_unreadable_application_is_no_hand_over(tmp_path: Path) -> None:
    """A file that a person has broken is written anew."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        write_argo_cd(folder, BASE, SETTINGS, [], "")
    for text in ("- a list", "spec: [a]", "{"):
        (old / f"apps/{TIER}.yaml").write_text(text)
        assert list(unsafe_hand_overs(old, new, SETTINGS)) == []

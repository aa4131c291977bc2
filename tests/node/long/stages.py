"""What `make node-long` plays: sections on platforms of some size, and the pages that have their tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from constructs_lib.machine import Machine
from tests.e2e.cluster import MACHINE
from tests.node.deployed import Deployed
from tests.node.long import backup, kafka, move, postgres, sections
from tests.node.long.sections import Section
from tests.repository import PLATFORM, ROOT

REAL_NODE, PRODUCTION = ROOT / "docs/real-node.md", ROOT / "docs/production.md"


def two_replicas(deployed: Deployed) -> None:
    """Have two pods of every service."""
    for component in PLATFORM.components:
        if component.type == "microservice":
            target = {"kind": "Deployment", "name": component.name}
            replicas = {"op": "replace", "path": "/spec/replicas", "value": 2}
            deployed.origin.patch(component.tier, target, [replicas])


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Sections that are played on one platform, one after another."""

    machine: Machine
    """That the node says to be."""
    prepare: Callable[[Deployed], object]
    """What is changed before it is deployed."""
    deploy: Callable[[Deployed], str] = Deployed.deploy
    page: Path = REAL_NODE
    traits: tuple[str, ...] = ()
    """Those that it runs with."""
    sections: Mapping[str, Callable[[Section], None]]


STAGES = (
    Stage(
        machine=MACHINE,
        prepare=lambda _: None,
        # What counts restarts comes before what makes them, and what releases after what does not.
        sections={
            "usage": sections.usage,
            "argo-cd": sections.argo_cd,
            "training": sections.training,
            "mutations": sections.mutations,
            "release": sections.release,
            "drops": sections.drops,
            "kills": sections.kills,
            "node": sections.node,
            "gateway": sections.gateway,
        },
    ),
    Stage(
        machine=replace(MACHINE, cpu=2 * MACHINE.cpu, memory=2 * MACHINE.memory),
        prepare=two_replicas,
        sections={"release-with-room": sections.release_with_room},
    ),
    Stage(
        machine=kafka.NODE,
        prepare=kafka.three_brokers,
        page=PRODUCTION,
        traits=(kafka.TRAIT,),
        sections={"engines-kafka": kafka.engines_kafka},
    ),
    Stage(
        machine=postgres.NODE,
        prepare=postgres.three_instances,
        deploy=postgres.deploy,
        page=PRODUCTION,
        traits=(postgres.TRAIT,),
        sections={"engines-postgres": postgres.engines_postgres},
    ),
    Stage(
        machine=postgres.NODE,
        prepare=move.single_server,
        deploy=postgres.deploy,
        page=PRODUCTION,
        traits=(postgres.TRAIT,),
        sections={"engines-move": move.engines_move},
    ),
    Stage(
        machine=postgres.NODE,
        prepare=backup.with_backups,
        deploy=postgres.deploy,
        page=PRODUCTION,
        traits=(postgres.TRAIT, backup.BACKUPS),
        sections={"engines-backup": backup.engines_backup},
    ),
)

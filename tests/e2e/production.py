"""The environment production on simulated nodes: with its operator from a repository of its own, and its routes.

Upstream's repository cannot be reached here. One in its place has the same file, whose webhooks ask a server of the
tests that allows everything: without the operator nobody would answer, and each Cluster would be refused.
"""

import json
import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

import yaml

from catalogue.components import CATALOGUE
from catalogue.operators import CLOUDNATIVE_PG
from catalogue.tiers import Tier
from constructs_lib.settings import read_settings
from tests.e2e.addresses import Programmed
from tests.e2e.api import Manifest
from tests.e2e.cluster import Cluster
from tests.e2e.deployment import Deployment
from tests.e2e.operator import StandIn
from tests.e2e.origin import Origin, added
from tests.e2e.recorder import KINDS, OF_TRAITS, Recorder
from tests.e2e.target import define_kinds
from tests.e2e.webhook import answering
from tests.repository import IDENTITY, ROOT, copy_inputs, set_values

PRODUCTION = "production"
MODULE = "github.com/cloudnative-pg/cloudnative-pg"
INSTALLED = Path(CLOUDNATIVE_PG.source["path"], CLOUDNATIVE_PG.source["directory"]["include"])
"""What the operator is installed with, from the top of its repository."""
GATEWAY_GROUP = "gateway.networking.k8s.io"
CLUSTER = {"kind": "Cluster"}


def upstream() -> list[Manifest]:
    """What the operator is installed with: the file of its Go module."""
    decoder, text, modules = json.JSONDecoder(), (ROOT / ".tools/modules.json").read_text(), {}
    while text := text.lstrip():
        module, end = decoder.raw_decode(text)
        modules[module["Path"]], text = module, text[end:]
    text = Path(modules[MODULE]["Dir"], INSTALLED).read_text(encoding="utf-8")
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def _files(work: Path) -> None:
    """Production alone, in the cluster that Argo CD runs in, under the names that all tests know."""
    copy_inputs(work, PRODUCTION)
    set_values(work, PRODUCTION, cluster="in-cluster", applications="chatdb")


class ProductionOrigin(Origin):
    """The repository; the Application of the operator names another one beside it."""

    environment = PRODUCTION

    def __init__(self, folder: Path) -> None:
        """The one of the operator is not there yet."""
        self.upstream = folder / "upstream"
        super().__init__(folder, files=_files)

    def run(self, *arguments: str) -> None:
        """Run `chatdb`, and name that repository in what is generated."""
        super().run(*arguments)
        for path in (self.work / "argocd" / PRODUCTION).rglob("*.yaml"):
            path.write_text(path.read_text().replace(CLOUDNATIVE_PG.repository, f"file://{self.upstream}"))

    def publish(self, client: dict[str, str]) -> None:
        """Make the operator's repository; its webhooks ask this client."""
        manifests = upstream()
        for webhook in (one for manifest in manifests for one in manifest.get("webhooks", ())):
            webhook["clientConfig"] = dict(client)
        (self.upstream / INSTALLED).parent.mkdir(parents=True)
        (self.upstream / INSTALLED).write_text(yaml.dump_all(manifests, Dumper=yaml.CSafeDumper))
        for line in (
            ["init", "--quiet"],
            ["add", "--all"],
            ["commit", "--quiet", "--message=The operator"],
            ["tag", CLOUDNATIVE_PG.revision],
        ):
            git = ["git", "-C", str(self.upstream), *line]
            subprocess.run(git, env=os.environ | IDENTITY, check=True, capture_output=True)

    def mark(self, tier: str, value: str, environment: str | None = None) -> None:
        """Change the labels of the instances, too, by which they roll here."""
        super().mark(tier, value, environment)
        if tier == Tier.FOUNDATION:
            self.patch(tier, CLUSTER, [added("/spec/inheritedMetadata/labels/release", value)], environment)

    def strand(self, tier: str, component: str) -> None:
        """The same of instances."""
        super().strand(tier, component)
        affinity = {"nodeSelector": {"chatdb.io/node": "none"}}
        self.patch(tier, {**CLUSTER, "name": component}, [added("/spec/affinity", affinity)])


class Production(Deployment):
    """What the platform needs there besides: nodes, the Gateway API, and who does what the operator would."""

    def __init__(self, folder: Path) -> None:
        """Nothing is started yet. Argo CD has the times that are shipped: it compares a megabyte for the operator."""
        self.repository = ProductionOrigin(folder)
        super().__init__(folder, {}, self.repository)
        nodes = read_settings(self.repository.work, CATALOGUE).nodes
        self.cluster = Cluster(folder / "cluster", nodes=nodes)
        self.stack = ExitStack()

    def start(self) -> None:
        """Start all servers, and what answers the operator's webhooks."""
        super().start()
        define_kinds(self.api, group=GATEWAY_GROUP)
        client = self.stack.enter_context(answering(self.cluster.certificates, {"allowed": True}))
        self.repository.publish(client)
        self.operator, self.programmed = StandIn(self.api), Programmed(self.api)
        for part in (self.operator, self.programmed):
            part.start()
            self.stack.callback(part.stop)

    def recording(self) -> Recorder:
        """Of the kinds that its traits bring, too."""
        return Recorder(self.api, (*KINDS, *OF_TRAITS))

    def stop(self) -> None:
        """End everything."""
        self.stack.close()
        super().stop()

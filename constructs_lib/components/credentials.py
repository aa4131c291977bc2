"""The Job that makes every Secret inside the cluster."""

import json
from dataclasses import asdict
from typing import Any

from constructs import Construct

from constructs_lib.catalogue.credentials import SecretPlan, secret_plans
from constructs_lib.catalogue.model import Access, Catalogue, Component, Namespace
from constructs_lib.parts.access import access
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map
from constructs_lib.parts.context import Context
from constructs_lib.parts.job import job
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.resource import resource
from constructs_lib.parts.storage import Mount, tmp

FOLDER = "/opt/credentials"


def plan_file(catalogue: Catalogue) -> dict[str, Any]:
    """What the script reads."""
    return {"secrets": [_entry(plan) for plan in secret_plans(catalogue)]}


def _entry(plan: SecretPlan) -> dict[str, Any]:
    return {name: value for name, value in asdict(plan).items() if name != "component" and value}


def rules(catalogue: Catalogue) -> list[Access]:
    """Read and complete the Secrets of the plan by name, create new ones, look whether guarded claims exist."""
    found = []
    plans = secret_plans(catalogue)
    for namespace in sorted({Namespace(plan.namespace) for plan in plans}):
        mine = [plan for plan in plans if plan.namespace == namespace]
        names = tuple(plan.name for plan in mine)
        claims = tuple(plan.guard_pvc for plan in mine if plan.guard_pvc)
        found.append(Access(namespace=namespace, resources=("secrets",), verbs=("get", "patch"), resource_names=names))
        # RBAC cannot limit `create` to names: the object has none yet.
        found.append(Access(namespace=namespace, resources=("secrets",), verbs=("create",)))
        if claims:
            kind = ("persistentvolumeclaims",)
            found.append(Access(namespace=namespace, resources=kind, verbs=("get",), resource_names=claims))
    return found


class Credentials(ComponentChart):
    """Random passwords, made once and never overwritten; git knows names and keys only."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """The script and its plan are one ConfigMap."""
        super().__init__(scope, id_)
        access(self, component, rules(context.catalogue))
        data = {
            "credentials.py": resource("credentials/credentials.py"),
            "plan.json": json.dumps(plan_file(context.catalogue), indent=2, sort_keys=True) + "\n",
        }
        files = config_map(self, component, "credentials-files", data)
        mounts = [Mount(name="files", path=FOLDER, config=files), tmp()]
        command = ["python", f"{FOLDER}/credentials.py", f"{FOLDER}/plan.json"]
        job(self, component, context, PodOptions(command=command, mounts=mounts))

"""What a component of type credentials is."""

import json
from dataclasses import asdict
from typing import Any

from constructs_lib.component_type import POD, ComponentType, own_file
from constructs_lib.model import Access
from constructs_lib.resolved import Folder, ResolvedComponent, ScriptComponent, SecretPlan, Surroundings, specialized

FOLDER = "/opt/credentials"


class Credentials(ComponentType):
    """Random passwords, made once and never overwritten; git knows names and keys only."""

    name = "credentials"
    construct = "constructs_lib.parts.script_job"
    takes = POD - {"generated_secrets", "shared_secrets"}
    """Its pod would wait for the Secret that it makes."""
    single = True
    api = True
    makes = "secrets"

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """The script, its plan, and access to exactly the Secrets of the plan."""
        plan = {"secrets": [_entry(one) for one in around.secrets]}
        files = {
            "credentials.py": own_file(__name__, "credentials.py", base.platform),
            "plan.json": json.dumps(plan, indent=2, sort_keys=True) + "\n",
        }
        return specialized(
            base,
            ScriptComponent,
            access=_access(around.secrets),
            folders=(Folder(path=FOLDER, volume="files", config=f"{base.name}-files", files=files),),
            command=("python", f"{FOLDER}/credentials.py", f"{FOLDER}/plan.json"),
        )


def _entry(plan: SecretPlan) -> dict[str, Any]:
    return {name: value for name, value in asdict(plan).items() if name != "component" and value}


def _access(plans: tuple[SecretPlan, ...]) -> tuple[Access, ...]:
    """Read and complete the Secrets of the plan by name, create new ones, look whether guarded claims exist."""
    rules = []
    for namespace in sorted({plan.namespace for plan in plans}):
        mine = [plan for plan in plans if plan.namespace == namespace]
        names = tuple(plan.name for plan in mine)
        claims = tuple(plan.guard_pvc for plan in mine if plan.guard_pvc)
        rules.append(Access(namespace=namespace, resources=("secrets",), verbs=("get", "patch"), resource_names=names))
        # RBAC cannot limit `create` to names: the object has none yet.
        rules.append(Access(namespace=namespace, resources=("secrets",), verbs=("create",)))
        if claims:
            kind = ("persistentvolumeclaims",)
            rules.append(Access(namespace=namespace, resources=kind, verbs=("get",), resource_names=claims))
    return tuple(rules)


TYPE = Credentials()

"""What a component of type object-store-accounts is."""

import json
from collections.abc import Mapping
from dataclasses import replace

from constructs_lib import bucket_policies
from constructs_lib.component_type import own_file
from constructs_lib.model import Catalogue, Component
from constructs_lib.resolved import ResolvedComponent, ScriptComponent, Surroundings
from constructs_lib.types.object_store_buckets.spec import FOLDER, ObjectStoreBuckets


class ObjectStoreAccounts(ObjectStoreBuckets):
    """Makes the buckets, and for each component that uses some an account of its own with exactly that."""

    name = "object-store-accounts"
    stands_in_for = "object-store-buckets"
    single = True
    makes = "accounts"

    def origin_secrets(self, catalogue: Catalogue, component: Component) -> Mapping[str, str]:
        """A password for each account."""
        return {one.password_key: "password" for one in catalogue.components if one.buckets}

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """The files of the other Job, a script that uses it, the accounts, and the policies of the buckets."""
        made = super().resolve(base, around)
        if not isinstance(made, ScriptComponent):
            raise TypeError(f"{base.name}: its Job has no script")
        (folder,) = made.folders
        files = {
            **folder.files,
            "accounts.py": own_file(__name__, "accounts.py"),
            "accounts.json": json.dumps(_accounts(around.catalogue), indent=2, sort_keys=True) + "\n",
        }
        names = ("accounts.py", "plan.json", "accounts.json")
        return replace(
            made,
            folders=(replace(folder, files=files),),
            command=("python", *(f"{FOLDER}/{name}" for name in names)),
        )


def _accounts(catalogue: Catalogue) -> Mapping[str, object]:
    """Account -> the variable with its password; bucket -> its policy."""
    policies = {one.name: bucket_policies.of_bucket(one.name, catalogue.components) for one in catalogue.buckets}
    return {
        "accounts": {one.role: one.password_key for one in catalogue.components if one.buckets},
        "policies": {name: policy for name, policy in policies.items() if policy},
    }


TYPE = ObjectStoreAccounts()

"""What a component of type object-store-buckets is."""

import json

from constructs_lib.component_type import POD, ComponentType, own_file
from constructs_lib.resolved import Folder, ResolvedComponent, ScriptComponent, Surroundings, specialized

FOLDER = "/opt/buckets"


class ObjectStoreBuckets(ComponentType):
    """Makes the buckets and puts sample data in; it signs its requests itself, as its image has only Python."""

    name = "object-store-buckets"
    construct = "constructs_lib.parts.script_job"
    takes = POD - {"buckets"}
    """It has the store's own key: it needs no access to single buckets."""
    prepares = "object-store"

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """The script, the store's address, the buckets, and the sample data sets."""
        store = next(one for one in base.dependencies if one.port == "api")
        buckets = around.catalogue.buckets
        samples = sorted((bucket.name, name) for bucket in buckets for name in bucket.samples)
        plan = {
            "endpoint": f"http://{store.host}:{store.number}",
            "buckets": sorted(bucket.name for bucket in buckets),
            "objects": [{"bucket": bucket, "key": name, "file": name} for bucket, name in samples],
        }
        files = {"buckets.py": own_file(__name__, "buckets.py")} | {name: base.files[name] for _, name in samples}
        files["plan.json"] = json.dumps(plan, indent=2, sort_keys=True) + "\n"
        return specialized(
            base,
            ScriptComponent,
            folders=(Folder(path=FOLDER, volume="files", config=f"{base.name}-files", files=files),),
            command=("python", f"{FOLDER}/buckets.py", f"{FOLDER}/plan.json"),
        )


TYPE = ObjectStoreBuckets()

"""Pods and Jobs that run again, and what pods do not see of a change."""

from chatdb.plan.changes import Action, Change
from chatdb.plan.notes.model import Difference, Effect, Found, Rule
from chatdb.plan.notes.reading import WORKLOADS, config_maps, image_pairs, workloads
from constructs_lib.footprint import part, replicas, scale_targets
from constructs_lib.image_reference import ImageReference
from constructs_lib.pods import is_daemon_set
from constructs_lib.rendered import Manifest

DEFAULT_UNAVAILABLE = "25%"


def restarted_pods(difference: Difference) -> Found:
    """Every workload whose pod template changes."""
    for _, after, change in difference.changed(*WORKLOADS):
        if _template(change):
            yield after, _restart(after)


def _restart(manifest: Manifest) -> str:
    """How many pods are replaced, and how many serve meanwhile."""
    if is_daemon_set(manifest):
        return "the pod on each node is replaced"
    wanted = replicas(manifest)
    pods = "1 pod is" if wanted == 1 else f"{wanted} pods are"
    update = manifest["spec"].get("updateStrategy" if manifest["kind"] == "StatefulSet" else "strategy") or {}
    if update.get("type") == "OnDelete":
        return f"{pods} replaced only when somebody deletes {'it' if wanted == 1 else 'them'}"
    left = _left(manifest, wanted)
    if wanted and left <= 0:
        return f"{pods} replaced, and none serves meanwhile"
    return f"{pods} replaced, and {left} or more serve meanwhile"


def _left(manifest: Manifest, wanted: int) -> int:
    """How many pods a rollout leaves, at the least."""
    if manifest["kind"] == "StatefulSet":
        return wanted - 1
    strategy = manifest["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0
    limits = strategy.get("rollingUpdate") or {}
    limit = limits.get("maxUnavailable", DEFAULT_UNAVAILABLE)
    surge = part(limits.get("maxSurge", DEFAULT_UNAVAILABLE), wanted)
    unavailable = wanted * int(limit[:-1]) // 100 if isinstance(limit, str) else int(limit)
    # A Deployment that could neither add nor remove a pod removes one.
    return wanted - (unavailable or (0 if surge else 1))


def jobs(difference: Difference) -> Found:
    """Jobs that have run, and run again under another name."""
    for change in difference.changes:
        if change.action is Action.RUN_AGAIN:
            yield change.manifest, "the Job runs again, and the waves after it wait for it"


def unread_configuration(difference: Difference) -> Found:
    """A ConfigMap that pods read at their start, where the pods stay."""
    replaced = {id(after) for _, after, change in difference.changed(*WORKLOADS) if _template(change)}
    for _, after, change in difference.changed("ConfigMap"):
        if not any(field.path.startswith(("data", "binaryData")) for field in change.fields):
            continue
        name, namespace = after["metadata"]["name"], after["metadata"].get("namespace")
        for workload in workloads(difference.new, *WORKLOADS):
            uses = dict(config_maps(workload)) if workload["metadata"].get("namespace") == namespace else {}
            if name in uses and id(workload) not in replaced:
                owner = f"{workload['kind']} {workload['metadata']['name']}"
                when = "within about a minute, if the program reads the file again" if uses[name] else "after a restart"
                yield after, f"the pods of {owner} are not replaced: they see the change {when}"


def _template(change: Change) -> bool:
    """Whether the controller makes another revision: of a Deployment, not for the same amount in another unit."""
    amounts = change.manifest["kind"] == "Deployment"
    return any(one.path.startswith("spec.template") and not (one.rewritten and amounts) for one in change.fields)


def fixed_replicas(difference: Difference) -> Found:
    """A number of replicas in git beside an autoscaler."""
    touched = {id(change.after) for change in difference.changes}
    for target in scale_targets(difference.new.values()):
        manifest = difference.new.get((target.kind, target.namespace, target.name))
        if manifest and id(manifest) in touched and "replicas" in (manifest.get("spec") or {}):
            yield manifest, "an autoscaler sets its replicas, and each sync sets them back"


def stopped(difference: Difference) -> Found:
    """A workload without pods."""
    for before, after, _ in difference.changed("Deployment", "StatefulSet"):
        if replicas(before) and not replicas(after):
            yield after, "no pod of it runs any more"


def moving_tags(difference: Difference) -> Found:
    """An image that is known by its tag alone, and was known by a digest."""
    for before, after, _ in difference.changed(*WORKLOADS, "CronJob"):
        for name, old, new in image_pairs(before, after):
            if old.digest and not new.digest:
                yield after, f"container {name} is named by its tag, no longer by a digest: what runs may change unseen"
            elif _same_tag(old, new):
                yield after, f"container {name} has another digest under the same tag {new.tag}"


def _same_tag(old: ImageReference, new: ImageReference) -> bool:
    """Whether the digest alone is another one."""
    digests = old.digest, new.digest
    return all(digests) and digests[0] != digests[1] and (old.path, old.tag) == (new.path, new.tag)


RULES = (
    Rule(
        id="pods-restart",
        effect=Effect.RESTARTS,
        find=restarted_pods,
        steps="merge it when a short interruption is acceptable; `chatdb release` rolls it through the waves in order",
    ),
    Rule(id="job-runs", effect=Effect.RESTARTS, find=jobs, steps="nothing, if the Job can run twice, as all here can"),
    Rule(
        id="config-unread",
        effect=Effect.ADVICE,
        find=unread_configuration,
        steps="`kubectl rollout restart` what reads it, or give its pod template a checksum of the ConfigMap",
    ),
    Rule(
        id="autoscaler-replicas",
        effect=Effect.ADVICE,
        find=fixed_replicas,
        steps="remove `replicas` from the patch; docs/traits.md says how to hand the field over",
    ),
    Rule(id="stopped", effect=Effect.ADVICE, find=stopped, steps="is it meant? what depends on it stands still"),
    Rule(id="image-digest", effect=Effect.ADVICE, find=moving_tags, steps="name the image by tag and digest"),
)

"""A cluster on which changes are played: what a plan says of each, and what the API server and its controllers did."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import yaml

from chatdb.deploy.objects import title
from chatdb.local.processes import wait_for
from chatdb.plan.applied import applied
from chatdb.plan.changes import kept
from chatdb.plan.normal import normal
from chatdb.plan.plan import Plan, between
from chatdb.plan.sides import Side
from constructs_lib.footprint import ScaleTarget, scale_targets
from constructs_lib.rendered import Identity, Manifest, identity
from tests.e2e.api import Api, ApiError
from tests.e2e.complaints import settled
from tests.e2e.order import ready
from tests.e2e.plan_edits import ENVIRONMENT
from tests.e2e.plan_outcome import RESTART, Outcome
from tests.e2e.recorder import Event
from tests.e2e.target import NAMESPACES, apply_all, target
from tests.repository import ROOT

ARGO_CD = "argocd"
DEFINITIONS = ROOT / ".tools/argo-cd/crds"
SETTLING = 60
MARK = "test.invalid/seen"
SEEN = 30
ROLLING = 30
WITH_DATA = ("Namespace", "PersistentVolumeClaim")
"""Kinds whose deletion is a dry run: they would not come back as they were."""
ROLLED = ("Deployment", "StatefulSet")
REVISION = "deployment.kubernetes.io/revision"
Objects = dict[Identity, Manifest]


@dataclass(slots=True)
class Planned:
    """An API server, and the objects that it holds."""

    api: Api
    held: Objects = field(default_factory=dict)

    def play(self, before: Side, after: Side) -> Outcome:
        """Make the cluster what `before` is, and then change it to `after`."""
        self.become(before)
        plan = between(ROOT, ENVIRONMENT, before, after)
        old, new = objects(before), objects(after)
        changed = [manifest for key, manifest in new.items() if old.get(key) != manifest]
        stay = [one for one in changed if one["kind"] in ROLLED and identity(one) in old]
        revisions = {title(one): self._revision(one) for one in stay}
        written, refused = set(), {}
        for manifest in changed:
            try:
                if self._apply(manifest):
                    written.add(title(manifest))
            except ApiError as error:
                refused[title(manifest)] = str(error)
        for key, manifest in old.items():
            if key not in new and not kept(manifest):
                self._delete(manifest, dry_run=manifest["kind"] in WITH_DATA)
                written.add(title(manifest))
        rolled = self._rolled([one for one in stay if title(one) not in refused], revisions, plan)
        return Outcome(plan=plan, written=frozenset(written), refused=refused, rolled=rolled)

    def _rolled(self, workloads: list[Manifest], revisions: Mapping[str, str], plan: Plan) -> frozenset[str]:
        """Of which workloads there is another revision; one that the plan expects may take its controller a moment."""
        expected = {note.object for note in plan.notes if note.rule == RESTART}
        for one in workloads:
            if title(one) in expected:
                with suppress(TimeoutError):
                    wait_for("it rolls", ROLLING, partial(self._differs, one, revisions[title(one)]))
        return frozenset(title(one) for one in workloads if self._differs(one, revisions[title(one)]))

    def rollout(self, workload: Manifest, since: str) -> int:
        """Wait until it has rolled; the fewest of its pods that were ready at once after that resource version."""
        self.wait_rolled(workload)
        labels = workload["spec"]["selector"]["matchLabels"].items()
        serving = {name for name, pod in self.pods(workload, since).items() if _serves(pod)}
        fewest = len(serving)
        path = self.api.path("v1", "Pod", workload["metadata"]["namespace"])
        # What happened until now is what comes before a change of our own.
        last = next(pod["metadata"]["name"] for pod in self.pods(workload).values())
        self.api.patch(f"{path}/{last}", {"metadata": {"annotations": {MARK: since}}})
        for event in self.api.watch(path, since):
            pod = event["object"]
            if pod["metadata"].get("annotations", {}).get(MARK) == since:
                break
            if labels <= pod["metadata"].get("labels", {}).items():
                change = serving.add if event["type"] != "DELETED" and _serves(pod) else serving.discard
                change(pod["metadata"]["uid"])
                fewest = min(fewest, len(serving))
        return fewest

    def wait_rolled(self, workload: Manifest) -> None:
        """Wait until all of it runs as it is asked to."""
        wait_for(f"{title(workload)} has rolled", SETTLING, lambda: ready(self.live(workload) or workload))

    def events(self, namespace: str) -> list[Manifest]:
        """What the cluster reports of that namespace."""
        return self.api.list("v1", "Event", namespace)

    def without_invalid(self, outcome: Outcome) -> Outcome:
        """The outcome without objects that are refused as new ones, too: of those a plan says nothing."""
        made = {title(change.manifest): change.manifest for change in outcome.plan.changes}
        invalid = {name for name in outcome.refused if name in made and not self._valid(made[name])}
        notes = tuple(note for note in outcome.plan.notes if note.object not in invalid)
        changes = tuple(one for one in outcome.plan.changes if title(one.manifest) not in invalid)
        refused = {name: words for name, words in outcome.refused.items() if name not in invalid}
        return replace(outcome, plan=replace(outcome.plan, notes=notes, changes=changes), refused=refused)

    def _valid(self, manifest: Manifest) -> bool:
        metadata = {**manifest["metadata"], "name": f"{manifest['metadata']['name']}-new"}
        try:
            self.api.apply({**manifest, "metadata": metadata}, dry_run=True)
        except ApiError:
            return False
        return True

    def pods(self, workload: Manifest, since: str | None = None) -> dict[str, Manifest]:
        """Its pods by their uids; those of that resource version, or of now."""
        path = self.api.path("v1", "Pod", workload["metadata"]["namespace"])
        query = f"?resourceVersion={since}&resourceVersionMatch=Exact" if since else ""
        labels = workload["spec"]["selector"]["matchLabels"].items()
        every = self.api.request("GET", f"{path}{query}")["items"]
        return {pod["metadata"]["uid"]: pod for pod in every if labels <= pod["metadata"].get("labels", {}).items()}

    def version(self) -> str:
        """The resource version of now."""
        return str(self.api.request("GET", "/api/v1/pods?limit=1")["metadata"]["resourceVersion"])

    def become(self, side: Side) -> None:
        """Make the cluster what the side says."""
        wanted = objects(side)
        # An autoscaler goes before its Deployment is set back, which it has scaled whatever the Deployment says.
        gone = [manifest for key, manifest in self.held.items() if key not in wanted]
        for manifest in gone:
            self._delete(manifest)
        scaled = scale_targets(gone)
        for key, manifest in wanted.items():
            if self.held.get(key) != manifest or ScaleTarget(*key) in scaled:
                self._apply_or_replace(manifest)

    def _apply_or_replace(self, manifest: Manifest) -> None:
        """Some changes cannot be taken back, and of some the server keeps what it has filled in."""
        old = self.held.get(identity(manifest))
        if old and manifest["kind"] not in WITH_DATA and applied(old, manifest) != normal(manifest):
            self._delete(old)
        try:
            self._apply(manifest)
        except ApiError:
            self._delete(self.held[identity(manifest)])
            self._apply(manifest)

    def _apply(self, manifest: Manifest) -> bool:
        """Whether the server holds something else than before; ApiError where it refuses."""
        before = self.live(manifest)
        dry_run = before is not None and manifest["kind"] == "PersistentVolumeClaim"
        after = self.api.apply(manifest, dry_run=dry_run)
        if not dry_run:
            self.held[identity(manifest)] = manifest
        return before is None or _content(before) != _content(after)

    def _delete(self, manifest: Manifest, *, dry_run: bool = False) -> None:
        path = self.api.of(manifest)
        if dry_run:
            self.api.request("DELETE", f"{path}?dryRun=All")
            return
        if manifest["kind"] == "Application":
            # Nobody is there who would do what its finalizer is for.
            self.api.patch(path, {"metadata": {"finalizers": None}})
        self.api.delete(path)
        wait_for(f"{path} is gone", SETTLING, lambda: self.live(manifest) is None)
        del self.held[identity(manifest)]

    def live(self, manifest: Manifest) -> Manifest | None:
        """The object on the server; None where it is not there."""
        metadata = manifest["metadata"]
        return self.api.get(manifest["apiVersion"], manifest["kind"], metadata.get("namespace"), metadata["name"])

    def _differs(self, workload: Manifest, revision: str) -> bool:
        return self._revision(workload) != revision

    def _revision(self, workload: Manifest) -> str:
        """Which revision of its pods the controller has made, once it has seen what is asked for."""

        def seen() -> bool:
            live = self.live(workload) or {"metadata": {}}
            generation = live["metadata"].get("generation", 0)
            return bool(live.get("status", {}).get("observedGeneration", 0) >= generation > 0)

        wait_for(f"the controller sees {title(workload)}", SEEN, seen)
        live = self.live(workload) or {}
        if workload["kind"] == "StatefulSet":
            return str(live["status"]["updateRevision"])
        # By its ReplicaSet: the controller may give the same one another number.
        metadata = live["metadata"]
        sets = self.api.list("apps/v1", "ReplicaSet", metadata["namespace"])
        own = [one["metadata"] for one in sets if metadata["uid"] in _owners(one)]
        return str(max(own, key=lambda one: int(one["annotations"][REVISION]))["name"])


def _owners(manifest: Manifest) -> list[str]:
    return [owner["uid"] for owner in manifest["metadata"].get("ownerReferences") or []]


def _content(manifest: Manifest) -> str:
    """Without the generation: it also counts an empty list in place of none, of which the object shows nothing."""
    return Event(0, 0, "MODIFIED", manifest).wanted


def _serves(pod: Manifest) -> bool:
    conditions = {one["type"]: one["status"] for one in pod.get("status", {}).get("conditions", ())}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def objects(side: Side) -> Objects:
    """All objects of an environment."""
    return {identity(manifest): manifest for part in side for manifest in part.objects}


@contextmanager
def planned(folder: Path, base: Side) -> Iterator[Planned]:
    """A cluster that holds the base, with every pod well."""
    with target(folder) as made:
        api = made.api
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ARGO_CD}})
        define_applications(api)
        expand(api, allowed=True)
        every = objects(base)
        apply_all(api, [manifest for manifest in every.values() if manifest["metadata"].get("namespace") != ARGO_CD])
        cluster = Planned(api, dict(every))
        for manifest in every.values():
            if manifest["metadata"].get("namespace") == ARGO_CD:
                api.apply(manifest)
        assert settled(api, NAMESPACES, SETTLING) == []
        yield cluster


def define_applications(api: Api) -> None:
    """Define what Argo CD reads."""
    for path in _definitions():
        definition = yaml.safe_load(path.read_text(encoding="utf-8"))
        api.apply(definition)
        kind = definition["spec"]["names"]["kind"]
        wait_for(f"the server knows {kind}", SEEN, partial(_listed, api, kind))


def _definitions() -> Iterable[Path]:
    return (DEFINITIONS / f"{name}-crd.yaml" for name in ("application", "appproject"))


def _listed(api: Api, kind: str) -> bool:
    try:
        api.list("argoproj.io/v1alpha1", kind)
    except (ApiError, KeyError):
        return False
    return True


def expand(api: Api, *, allowed: bool) -> None:
    """Whether volumes of the StorageClass can grow."""
    api.patch("/apis/storage.k8s.io/v1/storageclasses/standard", {"allowVolumeExpansion": allowed})

"""From what the cluster has to a status: what is ready, what waits, and why."""

from collections.abc import Iterator, Sequence

from chatdb.deploy.cleanup import ARGO_CD
from chatdb.deploy.objects import Manifest, ready
from chatdb.deploy.plan import Plan
from chatdb.deploy.reasons import Grace, Reason, reasons
from chatdb.deploy.reasons.applications import LOOK_AGAIN, NAMESPACE
from chatdb.deploy.reasons.pods import reasons_of_node
from chatdb.deploy.reasons.reason import named
from chatdb.deploy.reasons.workloads import reasons_of_autoscaler, reasons_of_namespace
from chatdb.deploy.rollout import State
from chatdb.status.causes import causes
from chatdb.status.commits import Commits
from chatdb.status.model import ComponentStatus, Engine, Status, TierStatus
from chatdb.status.read import Reading
from chatdb.status.tiers import Finding, Member, Tier, of_application, state_of, tier_of
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings

CLUSTER, OF_ARGO_CD = -3, -2
"""Places in the order of causes: before all waves."""
OPERATORS = -1
ROLLED_OUT = ("Deployment", "StatefulSet")


def assess(
    reading: Reading, platform: ResolvedPlatform, settings: Settings, planned: Plan, commits: Commits, context: str
) -> Status:
    """The status of the environment."""
    tiers = [tier_of(number, step, reading, settings, commits) for number, wave in enumerate(planned) for step in wave]
    found = [*_of_cluster(reading, platform), *_of_root(reading, settings, tiers)]
    found += [finding for tier in tiers for finding in tier.findings]
    found += _of_autoscalers(reading, tiers)
    found += _unexplained(found, tiers, reading, settings)
    return Status(
        environment=settings.environment,
        context=context,
        engine=_engine(reading, tiers),
        causes=causes(found, tiers, platform),
        tiers=tuple(_status(tier, tiers, platform) for tier in tiers),
    )


def _engine(reading: Reading, tiers: Sequence[Tier]) -> Engine:
    if reading.applications:
        return Engine.ARGO_CD
    return Engine.PLAIN if any(not _absent(member) for tier in tiers for member in tier.members) else Engine.NONE


def _absent(member: Member) -> bool:
    return bool(member.missing) and not member.pending


def _of_cluster(reading: Reading, platform: ResolvedPlatform) -> Iterator[Finding]:
    seen = reading.seen
    for node in seen.of_kind("Node"):
        yield from (Finding(reason, "cluster", CLUSTER) for reason in reasons_of_node(node))
    for name in (*platform.namespaces.names, ARGO_CD):
        if namespace := seen.get("Namespace", "", name):
            yield from (Finding(reason, "cluster", CLUSTER) for reason in reasons_of_namespace(namespace))
    for kind in ROLLED_OUT:
        for workload in seen.of_kind(kind):
            metadata = workload["metadata"]
            if metadata["namespace"] == ARGO_CD and not ready(workload):
                place = f"{ARGO_CD}/{metadata['name']}"
                yield from (Finding(reason, place, OF_ARGO_CD) for reason in reasons(workload, seen))


def _of_root(reading: Reading, settings: Settings, tiers: Sequence[Tier]) -> Iterator[Finding]:
    """The root, operators, and what the root should have made of the pins."""
    own = {settings.application(tier.name) for tier in tiers}
    for name, application in sorted(reading.applications.items()):
        if name not in own:
            yield from of_application(application, reading, f"Application {name}", OPERATORS)
    if reading.applications and settings.applications not in reading.applications:
        message = "the root Application is missing: no new commit reaches the tiers"
        fix = (
            f"`kubectl apply -f argocd/{settings.environment}/projects.yaml -f argocd/{settings.environment}/root.yaml`"
        )
        held_by = named("Application", NAMESPACE, settings.applications)
        yield Finding(Reason("no-root", held_by, message, fix, Grace.NONE), f"Application {settings.applications}", -1)


def _of_autoscalers(reading: Reading, tiers: Sequence[Tier]) -> Iterator[Finding]:
    places = {member.name: (tier.name, tier.wave) for tier in tiers for member in tier.members}
    for autoscaler in reading.seen.of_kind("HorizontalPodAutoscaler"):
        name = autoscaler["spec"]["scaleTargetRef"]["name"]
        if name in places:
            tier, wave = places[name]
            yield from (Finding(one, f"{tier}/{name}", wave, name) for one in reasons_of_autoscaler(autoscaler))


def _unexplained(
    found: Sequence[Finding], tiers: Sequence[Tier], reading: Reading, settings: Settings
) -> Iterator[Finding]:
    """What is not ready although nothing is known to hold it, in the first wave that is not ready."""
    explained = {finding.wave for finding in found}
    for tier in tiers:
        if any(wave <= tier.wave for wave in explained):
            return
        if not tier.ready:
            explained.add(tier.wave)
            yield from _progress(tier)
            if not any(_absent(member) or member.pending for member in tier.members) or tier.application is None:
                yield from _not_in_place(tier, reading, settings)


def _progress(tier: Tier) -> Iterator[Finding]:
    for member in tier.members:
        for workload in member.pending:
            namespace = workload["metadata"]["namespace"]
            fix = f"wait, or look closer: `kubectl get pods -n {namespace} -l app={member.name}`"
            title = named(workload["kind"], namespace, workload["metadata"]["name"])
            reason = Reason("progress", title, f"not ready yet, {member.detail}", fix, Grace.LONG)
            yield Finding(reason, f"{tier.name}/{member.name}", tier.wave, member.name)


def _not_in_place(tier: Tier, reading: Reading, settings: Settings) -> Iterator[Finding]:
    title = named("Application", NAMESPACE, settings.application(tier.name))
    if not reading.applications:
        missing = [name for member in tier.members for name in member.missing]
        if missing:
            message = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not deployed"
            fix = f"`chatdb deploy -e {settings.environment}`"
            yield Finding(Reason("not-deployed", f"tier {tier.name}", message, fix, Grace.NONE), tier.name, tier.wave)
    elif tier.application is None:
        message = f"Application {settings.application(tier.name)} does not exist: the root has not made it yet"
        fix = f"`kubectl describe application -n {NAMESPACE} {settings.applications}`"
        yield Finding(Reason("no-application", title, message, fix, Grace.LONG), tier.name, tier.wave)
    elif (asks := _target(tier.application)) != tier.revision.target:
        message = f"{settings.application(tier.name)} asks for {asks[:12]}, and should for {tier.revision.target[:12]}"
        pins = f"pins/{settings.environment}.yaml"
        fix = f"is {pins} pushed? `git push`; then {LOOK_AGAIN}"
        yield Finding(Reason("pin", title, message, fix, Grace.LONG), tier.name, tier.wave)
    elif (wanted := tier.revision.should_run) != tier.application["status"].get("sync", {}).get("revision"):
        message = f"Argo CD has not compared {settings.application(tier.name)} with {wanted[:12]} yet, which is pushed"
        reason = Reason("unseen", title, message, f"wait, or: {LOOK_AGAIN}", Grace.LONG, tier.revision.pushed)
        yield Finding(reason, tier.name, tier.wave)
    else:
        yield Finding(_moving(tier.application, title), tier.name, tier.wave)


def _target(application: Manifest) -> str:
    return str(application["spec"].get("source", {}).get("targetRevision", ""))


def _moving(application: Manifest, title: str) -> Reason:
    """Argo CD is at work, or the Application does not become what git says."""
    status = application.get("status", {})
    operation = status.get("operationState", {})
    states = [status.get(part, {}).get("status") or "Unknown" for part in ("sync", "health")]
    words = " and ".join(states)
    if operation.get("phase") in ("Running", "Terminating") or "operation" in application:
        words = f"{words}, a sync is running: {operation.get('message', '')}".rstrip(": ")
    differing = [one for one in status.get("resources") or () if one.get("status") == "OutOfSync"]
    if differing:
        words += "; differs: " + ", ".join(f"{one['kind']} {one['name']}" for one in differing[:3])
    name = application["metadata"]["name"]
    fix = f"wait, or look closer: `kubectl describe application -n {NAMESPACE} {name}`"
    return Reason("progress", title, f"{name} is {words}", fix, Grace.LONG, str(operation.get("startedAt", "")))


def _status(tier: Tier, tiers: Sequence[Tier], platform: ResolvedPlatform) -> TierStatus:
    earlier = [other for other in tiers if other.wave < tier.wave and not other.ready]
    state = state_of(tier, held=bool(earlier))
    unready = {member.name for other in tiers for member in other.members if not member.ready}
    after = {component.name: component.after for component in platform.components}
    components = []
    for member in tier.members:
        awaited = [name for name in after.get(member.name, ()) if name in unready]
        if member.ready:
            components.append(ComponentStatus(name=member.name, state=State.READY, detail=""))
        elif _absent(member) and (earlier or awaited):
            detail = ", ".join(awaited) or f"tier {earlier[0].name}"
            components.append(ComponentStatus(name=member.name, state=State.WAITING, detail=detail))
        else:
            first = next((one.reason.message for one in tier.findings if one.component == member.name), "")
            detail = "; ".join(filter(None, (member.detail, first)))
            components.append(ComponentStatus(name=member.name, state=State.ROLLING, detail=detail))
    return TierStatus(
        wave=tier.wave,
        name=tier.name,
        state=state,
        application=tier.application["metadata"]["name"] if tier.application else "",
        detail=f"tier {earlier[0].name}" if state is State.WAITING else "",
        revision=tier.revision,
        components=tuple(components),
    )

"""What an API server does with a change that each rule of `chatdb plan` is about, as a table of docs/plan.md.

python -m tests.e2e.plan_server [--write]
"""

import argparse
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chatdb.deploy.objects import title
from chatdb.local.processes import wait_for
from chatdb.plan import sides
from chatdb.plan.changes import Action, Change
from chatdb.plan.fields import brief
from chatdb.plan.notes import RULES, Effect, Rule
from chatdb.plan.sides import Side
from tests.e2e.plan_case import Case
from tests.e2e.plan_cases import CASES
from tests.e2e.plan_edits import ENVIRONMENT, edited, put
from tests.e2e.plan_outcome import Outcome
from tests.e2e.planned import Planned, planned
from tests.repository import ROOT
from tools.sections import fill

PAGE, SECTION = ROOT / "docs/plan.md", "plan-server"
HEADER = ("| rule | effect | change | what the cluster did |", "|---|---|---|---|")
QUOTA = "exceeded quota"
OF_PODS = "quota-exceeded"
"""The rule of which the API server refuses pods, and no object of the change."""
VALUE = re.compile(r"^\d+: .* is invalid: |Invalid value: .*: ", re.DOTALL)
"""What a refusal says of the object as a whole, and what it repeats of it."""
CHOSEN = {"quota-exceeded": "quota-too-small", "pods-restart": "image", "job-runs": "topic-partitions"}
"""Cases that say more than the shortest one."""
REPLICAS = 2


def shown(rule: Rule) -> Case:
    """The case that is about the rule, and as little else as there is."""
    cases = (case for case in CASES if rule.id in case.rules and CHOSEN.get(rule.id, case.id) == case.id)
    return min(cases, key=lambda case: (len(case.rules), bool(case.inputs)))


def table(cluster: Planned, base: Side, folder: Path) -> Iterator[str]:
    """A row for each rule whose effect is something that a cluster does."""
    yield from HEADER
    for rule in RULES:
        if rule.effect is not Effect.ADVICE:
            before, after = shown(rule).sides(base, folder / rule.id)
            cluster.become(before)
            since, old = cluster.version(), _pods(cluster, before)
            outcome = cluster.play(before, after)
            change = next(one for one in outcome.plan.changes if _about(rule, outcome, one))
            did = _did(cluster, rule, outcome, change, (since, old), after)
            yield f"| `{rule.id}` | {rule.effect} | {_cell(_change(change))} | {_cell(did)} |"


def _about(rule: Rule, outcome: Outcome, change: Change) -> bool:
    return any(note.rule == rule.id and note.object == title(change.manifest) for note in outcome.plan.notes)


def _pods(cluster: Planned, side: Side) -> set[str]:
    return {
        uid
        for part in side
        for one in part.objects
        if one["kind"] in ("Deployment", "StatefulSet")
        for uid in cluster.pods(one)
    }


def _did(cluster: Planned, rule: Rule, outcome: Outcome, change: Change, was: tuple[str, set[str]], after: Side) -> str:
    since, old = was
    if rule.id == OF_PODS:
        return _refused_pod(cluster, after, change.manifest["metadata"]["namespace"])
    if rule.effect is Effect.REFUSED:
        return f"refused: {words(outcome.refused[title(change.manifest)])}"
    if change.action is Action.RUN_AGAIN and change.before:
        cluster.wait_rolled(change.manifest)
        return f"{change.before['metadata']['name']} deleted, {change.manifest['metadata']['name']} completed"
    fewest = cluster.rollout(change.manifest, since)
    new = cluster.pods(change.manifest).keys()
    return f"{len(new - old)} of {len(new)} pods are others; {fewest or 'none'} ready meanwhile, at the least"


def words(refusal: str) -> str:
    """The server's words, without the values that it repeats."""
    return VALUE.sub("", refusal)


def _refused_pod(cluster: Planned, after: Side, namespace: str) -> str:
    """More pods than the quota has room for, and the event of the one that is refused."""
    cluster.play(after, edited(after, put("Deployment/query-parser", "/spec/replicas", REPLICAS)))

    def refusals() -> list[str]:
        return [one["message"] for one in cluster.events(namespace) if QUOTA in one["message"]]

    wait_for("a pod is refused", 30, refusals)
    return f"pod refused: {refusals()[0].partition(QUOTA)[1]}{refusals()[0].partition(QUOTA)[2]}"


def _change(change: Change) -> str:
    fields = "; ".join(f"{one.path}: {brief(one.before)} -> {brief(one.after)}" for one in change.fields[:1])
    return f"`{title(change.manifest)}`: {fields or change.action}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write it into {PAGE.relative_to(ROOT)}")
    asked = parser.parse_args()
    base = sides.side(ROOT, ENVIRONMENT, ROOT)
    with tempfile.TemporaryDirectory(prefix="chatdb-") as name:
        folder = Path(name)
        with planned(folder / "cluster", base) as cluster:
            text = "\n".join(table(cluster, base, folder))
    print(text)
    if asked.write:
        fill(PAGE, SECTION, text)


if __name__ == "__main__":
    main()

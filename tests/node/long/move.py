"""The data of the single PostgreSQL server on CloudNativePG, and back: the steps of docs/production.md, under load."""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from catalogue.components import CATALOGUE
from chatdb.local.processes import wait_for
from constructs_lib.gitops.regenerate import regenerate
from tests.e2e.stack import CLUSTER
from tests.node import cloudnative_pg, smoke
from tests.node.deployed import Deployed
from tests.node.long import postgres
from tests.node.long.acknowledged import Order, ordering, outcome
from tests.node.long.postgres import ENVIRONMENT, POSTGRES, TRAIT
from tests.node.long.sections import Section
from tests.repository import ROOT, set_values

IMPORT = "postgres-import"
OLD = f"{POSTGRES.name}-0"
"""The pod of the single server."""
DATABASE = POSTGRES.settings["POSTGRES_DB"]
PAGE = ROOT / "docs/production.md"
JOBS = 20
"""Acknowledged before each move, and after it."""
SECONDS = 600
KEYS = """
SELECT conrelid::regclass || E'\\t' || array_to_string(ARRAY(
  SELECT quote_ident(attname) FROM unnest(conkey) AS key JOIN pg_attribute ON attrelid = conrelid AND attnum = key
), ', ') FROM pg_constraint WHERE contype = 'p' AND connamespace::regnamespace::text !~ '^(pg_|information_schema)'
"""
Rows = Mapping[str, Mapping[str, str]]
"""Table -> primary key -> digest of the row."""


def single_server(deployed: Deployed) -> None:
    """Have the operator, and the tiers that jobs need; PostgreSQL is the base's."""
    node, work = deployed.place.node, deployed.origin.work
    assert node is not None
    tiers = [str(tier) for tier in CATALOGUE.tiers if tier not in CATALOGUE.optional_tiers]
    set_values(work, ENVIRONMENT, tiers=tiers)
    cloudnative_pg.install(node, CATALOGUE.images[TRAIT].reference)


def engines_move(section: Section) -> None:
    """The first commit, and the way back; the first one again, and the second."""
    deployed = section.deployed
    patch = (deployed.origin.work / f"overlays/{ENVIRONMENT}/foundation/postgres.yaml").read_text(encoding="utf-8")
    with ordering(deployed.place, str(section.random.random())) as orders:
        there = Move.play(deployed, orders, patch)
        section.problems += there.problems()
        section.rows += [*there.table(), ""]
        began = time.time()
        run_steps(deployed, "Way back")
        commit(deployed, (), patch)
        wait_for("jobs are acknowledged", SECONDS, lambda: len(since(orders, began)) > JOBS)
        back = rows(deployed, OLD)
        section.problems += [f"back: {line}" for line in lost(there.new, back)]
        section.rows.append(f"The way back: no job was acknowledged for {gap(orders, began):.0f} s.")
        run_steps(deployed, "Another try")
        again = Move.play(deployed, orders, patch)
        section.problems += [f"again: {line}" for line in again.problems()]
        section.rows.append(f"The second time, after the way back: {gap(orders, again.began):.0f} s.")
        commit(deployed, (TRAIT,), patch)
        run_steps(deployed, "Second commit")
        ended = time.time()
        wait_for("jobs are acknowledged", SECONDS, lambda: len(since(orders, ended)) > JOBS)
    names = [one["metadata"]["name"] for one in smoke.pods_of(deployed, POSTGRES.name)]
    section.problems += ["the single server still runs"] if OLD in names else []
    came = outcome(deployed.place, orders)
    section.problems += came.problems()
    section.rows += ["", came.summary()]


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """When the first commit was deployed and the primary was ready (Unix time), and the rows of both servers then."""

    began: float
    led: float
    whole: float
    silent: float
    """Seconds without an acknowledged job."""
    old: Rows
    new: Rows

    @classmethod
    def play(cls, deployed: Deployed, orders: Sequence[Order], patch: str) -> "Move":
        """Deploy the first commit, and wait until all is whole and jobs are acknowledged."""
        wait_for("jobs are acknowledged", SECONDS, lambda: len(since(orders, 0)) > JOBS)
        began = time.time()
        commit(deployed, (TRAIT, IMPORT), patch)
        postgres.wait_whole(deployed)
        whole = time.time()
        (primary,) = postgres.primaries(deployed)
        wait_for("jobs are acknowledged", SECONDS, lambda: len(since(orders, whole)) > JOBS)
        return cls(
            began=began,
            led=postgres.ready_since(primary),
            whole=whole,
            silent=gap(orders, began),
            old=rows(deployed, OLD),
            new=rows(deployed, primary["metadata"]["name"]),
        )

    def problems(self) -> Iterator[str]:
        """Rows that are not on the new server."""
        yield from lost(self.old, self.new)

    def table(self) -> Iterator[str]:
        """What there is of each table, and how long it took."""
        yield "| table | rows of the single server | the same in the Cluster | changed there since | lost |"
        yield "|---|---|---|---|---|"
        for name, before in sorted(self.old.items()):
            after = self.new.get(name, {})
            same = sum(after.get(key) == digest for key, digest in before.items())
            gone = len(before.keys() - after.keys())
            yield f"| {name} | {len(before)} | {same} | {len(before) - same - gone} | {gone} |"
        yield ""
        yield (
            f"From the first commit: a primary with the data after {self.led - self.began:.0f} s, three instances after"
            f" {self.whole - self.began:.0f} s. No job was acknowledged for {self.silent:.0f} s."
        )


def lost(before: Rows, after: Rows) -> Iterator[str]:
    """A line for each table that lacks rows."""
    for name, keys in before.items():
        if gone := keys.keys() - after.get(name, {}).keys():
            yield f"{name} lost {len(gone)} of {len(keys)} rows"


def since(orders: Sequence[Order], moment: float) -> list[float]:
    """When those were acknowledged that were after the moment (Unix time), sorted."""
    return sorted(one.acknowledged for one in orders if one.acknowledged and one.acknowledged > moment)


def gap(orders: Sequence[Order], began: float) -> float:
    """The longest time since then in which no job was acknowledged, in seconds."""
    return max(after - before for before, after in pairwise([began, *since(orders, began)]))


def commit(deployed: Deployed, traits: Sequence[str], patch: str) -> None:
    """Have the environment with these traits; the Cluster's instances are of the size of the node."""
    work = deployed.origin.work
    set_values(work, ENVIRONMENT, traits=[*traits])
    kept = [patch] if IMPORT in traits or not traits else []
    small = [postgres.small()] if traits else []
    postgres.write_patches(work, *kept, *small)
    regenerate(work, lambda: CATALOGUE)
    deployed.origin.commit(" ".join(traits) or "The single server")
    print(postgres.deploy(deployed), flush=True)


def blocks(heading: str, language: str) -> list[str]:
    """The code of that language below a heading of the page, its subheadings included."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n{heading}\n")[2]
    end = re.search(rf"^#{{1,{heading.index(' ')}}} ", text, re.MULTILINE)
    section = text[: end.start()] if end else text
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def run_steps(deployed: Deployed, heading: str) -> None:
    """Run the commands below a heading of the page."""
    script = "\n".join(blocks(f"### {heading}", "bash"))
    assert script, f"{PAGE.name} has no commands below {heading}"
    environment = {**os.environ, "KUBECONFIG": str(deployed.api.kubeconfig)}
    environment["PATH"] = f"{CLUSTER / 'bin'}:{environment['PATH']}"
    line = ["bash", "-euxo", "pipefail", "-c", script]
    done = subprocess.run(
        line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False
    )
    print(done.stdout, flush=True)
    assert done.returncode == 0, f"{heading}: {done.stdout}"


def rows(deployed: Deployed, pod: str) -> Rows:
    """All rows of the database that the pod's server has."""
    tables = dict(line.split("\t") for line in sql(deployed, pod, KEYS).splitlines())
    return {
        name: dict(line.split("\t") for line in sql(deployed, pod, _digests(name, key)).splitlines())
        for name, key in tables.items()
    }


def _digests(table: str, key: str) -> str:
    return f"SELECT md5(row({key})::text) || E'\\t' || md5(one::text) FROM {table} AS one"


def sql(deployed: Deployed, pod: str, text: str) -> str:
    """What the statement prints."""
    line = ["psql", "-U", "postgres", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", DATABASE, "-c", text]
    return deployed.kubectl("exec", f"--namespace={POSTGRES.namespace}", pod, "-c", POSTGRES.name, "--", *line)

"""Backups of CloudNativePG's Cluster, and what is restored of them by the steps of docs/production.md, under load."""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

import yaml

from chatdb.local.processes import wait_for
from constructs_lib.quantity import MIB
from tests.e2e.api import Manifest
from tests.node import barman_cloud, cloudnative_pg, smoke
from tests.node.deployed import Deployed
from tests.node.long import postgres
from tests.node.long.acknowledged import Order, ordering, outcome
from tests.node.long.move import JOBS, SECONDS, Rows, blocks, gap, lost, rows, run_steps, since, sql
from tests.node.long.postgres import ENVIRONMENT, POSTGRES, TRAIT
from tests.node.long.sections import Section
from tests.repository import set_values

BACKUPS, BUCKET = "postgres-backups", "acme-backups"
BACKUP = (cloudnative_pg.CLUSTER[0], "Backup")
HEADING = "## Backup and restore"
END, STOPPED = "the end of the archive", "the end of the archive, once it was stopped"
MOMENT = "a moment (`targetTime`)"
STOP = ("Restore", "Another try")
"""Headings of the page whose commands stop a Cluster, and delete it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A base backup: what asked for it, how long it took, and the size of all databases and of what is stored."""

    by: str
    seconds: float
    databases: int
    stored: int

    def row(self) -> str:
        """Of the table."""
        return f"| {self.by} | {self.seconds:.0f} s | {self.databases / MIB:.0f} MiB | {self.stored / MIB:.1f} MiB |"


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """A restore: when it began, a primary was ready and all was whole (Unix time), and the rows."""

    to: str
    began: float
    led: float
    whole: float
    silent: float
    """Seconds without an acknowledged job, since the Cluster was deleted."""
    before: Rows
    """What has to be there."""
    deleted: Rows
    """What was there when the Cluster was deleted."""
    after: Rows

    def same(self) -> int:
        """How many rows are there as they were."""
        return _equal(self.before, self.after)

    def gone(self) -> int:
        """How many are not there at all."""
        return sum(len(made.keys() - self.after.get(name, {}).keys()) for name, made in self.before.items())

    def later(self) -> Rows:
        """Those that were made after the ones that have to be there."""
        return {
            name: {key: digest for key, digest in made.items() if key not in self.before.get(name, {})}
            for name, made in self.deleted.items()
        }

    def kept(self) -> int:
        """How many of the later ones are there: as they were, as keys that are numbers are given again."""
        return _equal(self.later(), self.after)

    def sure(self, orders: Sequence[Order], moment: float) -> list[Order]:
        """All but those that were acknowledged after the moment and before the restore, which may be gone."""
        return [one for one in orders if not moment < (one.acknowledged or 0) < self.began]

    def problems(self) -> Iterator[str]:
        """Rows that are gone, and those that were made after the moment that is restored."""
        yield from (f"restored to {self.to}: {line}" for line in lost(self.before, self.after))
        if self.to == MOMENT and self.kept():
            yield f"restored to {self.to}: {self.kept()} rows are younger than it"

    def row(self) -> str:
        """Of the table."""
        seconds = [f"{value:.0f} s" for value in (self.led - self.began, self.whole - self.began, self.silent)]
        number, gone = _count(self.before), self.gone()
        counts = (number, self.same(), number - self.same() - gone, gone, _count(self.later()), self.kept())
        return f"| {' | '.join([self.to, *seconds, *map(str, counts)])} |"


def _count(some: Rows) -> int:
    return sum(map(len, some.values()))


def _equal(some: Rows, others: Rows) -> int:
    return sum(len(made.items() & others.get(name, {}).items()) for name, made in some.items())


def with_backups(deployed: Deployed) -> None:
    """Have three instances, and backups of them in a bucket of the platform's own store."""
    postgres.three_instances(deployed)
    set_values(deployed.origin.work, ENVIRONMENT, traits=[TRAIT, BACKUPS], backups={"bucket": BUCKET})
    assert deployed.place.node is not None
    barman_cloud.install(deployed.place.node)


def engines_backup(section: Section) -> None:
    """Base backups, and restores: of a Cluster that is gone, of one that was stopped, and to a moment."""
    deployed = section.deployed
    postgres.wait_whole(deployed)
    taken = [finished(deployed, "the trait, at once", scheduled(deployed))]
    with orders_of(section) as orders:
        enough(orders, 0)
        taken.append(finished(deployed, "hand", by_hand(deployed)))
        enough(orders, time.time())
    section.problems += outcome(deployed.place, orders).problems()
    # Nothing is under way: what is there now is what was there at the moment.
    quiet, moment = rows(deployed, primary(deployed)), math.ceil(time.time())
    time.sleep(moment - time.time() + 1)
    with orders_of(section) as orders:
        enough(orders, moment)
        noted, known = time.time(), rows(deployed, primary(deployed))
        seconds = archived(deployed)
        enough(orders, time.time())
        end = restore(deployed, orders, END, known, patch("postgres", "postgres-2"), "Another try")
    came = [outcome(deployed.place, end.sure(orders, noted))]
    taken.append(finished(deployed, "hand, after a restore", by_hand(deployed)))
    with orders_of(section) as orders:
        enough(orders, 0)
        known, again = rows(deployed, primary(deployed)), patch("postgres-2", "postgres-3")
        stopped = restore(deployed, orders, STOPPED, known, again, *STOP)
    came.append(outcome(deployed.place, orders))
    with orders_of(section) as orders:
        back = restore(deployed, orders, MOMENT, quiet, patch("postgres", "postgres-4", moment), *STOP)
    came.append(outcome(deployed.place, back.sure(orders, moment)))
    restores = (end, stopped, back)
    section.problems += [line for one in restores for line in one.problems()]
    section.problems += [line for one in came for line in one.problems()]
    section.rows += [*table(taken, restores), ""]
    section.rows += [f"A segment of the WAL was in the archive {seconds:.0f} s after it had ended.", ""]
    section.rows += [f"- {one.to}: {jobs.summary()}" for one, jobs in zip(restores, came, strict=True)]


def orders_of(section: Section) -> AbstractContextManager[list[Order]]:
    """Jobs are ordered meanwhile, others each time."""
    return ordering(section.deployed.place, str(section.random.random()))


def enough(orders: Sequence[Order], moment: float) -> None:
    """Wait until some were acknowledged since."""
    wait_for("jobs are acknowledged", SECONDS, lambda: len(since(orders, moment)) > JOBS)


def primary(deployed: Deployed) -> str:
    """The name of its pod."""
    (pod,) = postgres.primaries(deployed)
    return str(pod["metadata"]["name"])


def scheduled(deployed: Deployed) -> str:
    """The Backup that the ScheduledBackup has made at once."""

    def names() -> list[str]:
        return [one["metadata"]["name"] for one in deployed.api.list(*BACKUP, POSTGRES.namespace)]

    wait_for("there is a Backup", SECONDS, lambda: bool(names()))
    return min(names())


def by_hand(deployed: Deployed) -> str:
    """The Backup that the page says to make."""
    path = deployed.folder / "backup.yaml"
    path.write_text(block("kind: Backup"), encoding="utf-8")
    return deployed.kubectl("create", f"--filename={path}", "--output=jsonpath={.metadata.name}")


def finished(deployed: Deployed, by: str, name: str) -> Taken:
    """What is known of the backup once it is complete."""
    statuses: list[Manifest] = []

    def done() -> bool:
        backup = deployed.api.read(*BACKUP, POSTGRES.namespace, name)
        statuses[:] = [backup.get("status", {})]
        phase = statuses[0].get("phase")
        assert phase != "failed", f"{name}: {statuses[0]}"
        return bool(phase == "completed")

    wait_for(f"{name} is complete", SECONDS, done)
    (status,) = statuses
    began, ended = (datetime.fromisoformat(status[key]) for key in ("startedAt", "stoppedAt"))
    size = sql(deployed, primary(deployed), "SELECT sum(pg_database_size(oid)) FROM pg_database")
    line = ["find", f"/data/{BUCKET}", "-path", f"*/base/{status['backupId']}/*", "-type", "f", "-printf", "%s\\n"]
    (store,) = smoke.pods_of(deployed, "minio")
    files = deployed.kubectl("exec", f"--namespace={POSTGRES.namespace}", store["metadata"]["name"], "--", *line)
    return Taken(
        by=by,
        seconds=(ended - began).total_seconds(),
        databases=int(size),
        stored=sum(map(int, files.split())),
    )


def archived(deployed: Deployed) -> float:
    """End the present segment of the WAL, and say after how many seconds it is in the archive."""
    began, pod = time.time(), primary(deployed)
    segment = sql(deployed, pod, "SELECT pg_walfile_name(pg_switch_wal())").strip()
    last = f"SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver"
    wait_for(f"{segment} is archived", SECONDS, lambda: sql(deployed, pod, last).strip() == "t")
    return time.time() - began


def restore(
    deployed: Deployed, orders: Sequence[Order], to: str, before: Rows, patched: str, *headings: str
) -> Restored:
    """Delete the Cluster by the page's steps, commit the patch and deploy; wait until jobs are acknowledged."""
    deleted, gone = rows(deployed, primary(deployed)), time.time()
    for heading in headings:
        run_steps(deployed, heading)
    began = time.time()
    postgres.write_patches(deployed.origin.work, postgres.small(), patched)
    deployed.origin.commit(f"Restore {to}")
    print(postgres.deploy(deployed), flush=True)
    postgres.wait_whole(deployed)
    whole = time.time()
    enough(orders, whole)
    (pod,) = postgres.primaries(deployed)
    return Restored(
        to=to,
        began=began,
        led=postgres.ready_since(pod),
        whole=whole,
        silent=gap(orders, gone),
        before=before,
        deleted=deleted,
        after=rows(deployed, pod["metadata"]["name"]),
    )


def block(word: str) -> str:
    """The YAML of the page's section that has this."""
    (manifest,) = [one for one in blocks(HEADING, "yaml") if word in one]
    return manifest


def patch(archive: str, own: str, moment: float | None = None) -> str:
    """The page's patch: from which archive of the bucket, under which name the new one is, up to which time."""
    cluster = yaml.safe_load(block("recovery:"))
    (source,), (plugin,) = cluster["spec"]["externalClusters"], cluster["spec"]["plugins"]
    source["plugin"]["parameters"]["serverName"] = archive
    plugin["parameters"]["serverName"] = own
    if moment is not None:
        text = f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}+00"
        cluster["spec"]["bootstrap"]["recovery"]["recoveryTarget"] = {"targetTime": text}
    return yaml.safe_dump(cluster, sort_keys=False)


def table(taken: Iterable[Taken], restores: Iterable[Restored]) -> Iterator[str]:
    """A row for each backup, and for each restore."""
    yield "| base backup, by | took | databases | in the bucket |"
    yield "|---|---|---|---|"
    yield from (one.row() for one in taken)
    yield ""
    yield (
        "| restored to | a primary after | three instances after | no job acknowledged for"
        " | rows before it | the same | changed since | lost | rows since | of them there |"
    )
    yield f"|{10 * '---|'}"
    yield from (one.row() for one in restores)

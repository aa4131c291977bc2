"""Scores each environment with kube-score and checkov, and holds docs/security.md to the result.

They are rendered from the committed files and scanned, without network; so is a trait that no environment has. Exit
code 1 where a score is too low, a waiver is unused, or the page says something else.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from catalogue.components import CATALOGUE
from constructs_lib import manifest_yaml
from constructs_lib.checks.schema import versions
from constructs_lib.gitops.synth import stage
from constructs_lib.kustomize import kustomize
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve import resolve
from constructs_lib.settings import read_settings
from tools.sections import filled
from tools.waivers import CHECKOV, KUBE_SCORE, WAIVERS, Waiver

ROOT = Path(__file__).resolve().parents[1]
PAGE = "docs/security.md"
SCORED = (("minikube",), ("minikube", "object-store-versitygw"), ("production",))
"""An environment as it is committed, and traits that it is given besides."""
LEAST = {KUBE_SCORE: 98.0, CHECKOV: 100.0}
"""Percent of the checks that have to pass; a critical one fails whatever the percentage."""
OPTIONAL_TESTS = ("container-seccomp-profile", "container-ports-check")
"""Tests that kube-score leaves out unless it is told; its others want requests equal to limits."""
SECONDS = 300
WORKERS = 2
HEAD = "| environment | objects | scanner | checks | passed | warnings | critical | waived | before waivers |"


class Grade(StrEnum):
    """How a check ended; what checkov fails is critical."""

    PASSED = "passed"
    WARNING = "warning"
    CRITICAL = "critical"


GRADES = {10: Grade.PASSED, 7: Grade.WARNING, 5: Grade.WARNING, 1: Grade.CRITICAL}
"""By the number that kube-score writes; 7 is what it calls almost right."""


@dataclass(frozen=True, slots=True)
class Graded:
    """What one check says of one object, which is named `<kind> <namespace>/<name>`."""

    check: str
    where: str
    grade: Grade


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """What one scanner says of one of `SCORED`; a waived check counts on neither side."""

    scored: tuple[str, ...]
    objects: int
    scanner: str
    counted: tuple[Graded, ...]
    waived: tuple[Graded, ...]
    used: frozenset[tuple[Waiver, str]]

    @property
    def name(self) -> str:
        """How a table names it."""
        return " + ".join(self.scored)

    @property
    def percent(self) -> float:
        """Checks that passed, of all that were not waived."""
        return 100 * self.count(Grade.PASSED) / max(len(self.counted), 1)

    @property
    def unwaived_percent(self) -> float:
        """The same as if there were no waivers."""
        return 100 * self.count(Grade.PASSED) / max(len(self.counted) + len(self.waived), 1)

    def count(self, grade: Grade) -> int:
        """How many checks have that grade."""
        return sum(result.grade is grade for result in self.counted)


def covering(waivers: Iterable[Waiver], scanner: str, result: Graded) -> tuple[Waiver, str] | None:
    """The waiver of this complaint, and the one of its objects that fits; a check that passed needs none."""
    if result.grade is Grade.PASSED:
        return None
    mine = (waiver for waiver in waivers if (waiver.scanner, waiver.check) == (scanner, result.check))
    fitting = ((waiver, name) for waiver in mine for name in waiver.objects if fnmatchcase(result.where, name))
    return next(fitting, None)


def score(
    scored: tuple[str, ...], objects: int, scanner: str, graded: Iterable[Graded], waivers: Sequence[Waiver] = WAIVERS
) -> Score:
    """Part what counts from what is waived."""
    counted: list[Graded] = []
    waived: list[Graded] = []
    used: set[tuple[Waiver, str]] = set()
    for result in graded:
        cover = covering(waivers, scanner, result)
        (waived if cover else counted).append(result)
        used |= {cover} if cover else set()
    return Score(
        scored=scored,
        objects=objects,
        scanner=scanner,
        counted=tuple(counted),
        waived=tuple(waived),
        used=frozenset(used),
    )


def problems(scores: Sequence[Score], waivers: Sequence[Waiver] = WAIVERS) -> Iterator[Problem]:
    """Each critical check, each low score with its warnings, each object that needs its waiver in no environment."""
    complaints: dict[tuple[str, Graded], str] = {}
    for scored in scores:
        low = scored.percent < LEAST[scored.scanner]
        if low:
            message = f"{scored.scanner} passes {shown(scored.percent)}, less than {LEAST[scored.scanner]:g} %"
            yield Problem(f"environment {scored.name}", message, "fix what is named here")
        for graded in scored.counted:
            if graded.grade is Grade.CRITICAL or (low and graded.grade is Grade.WARNING):
                complaints.setdefault((scored.scanner, graded), scored.name)
    for (scanner, graded), name in sorted(complaints.items(), key=str):
        message = f"{scanner}: {graded.check} is {graded.grade} (environment {name})"
        yield Problem(graded.where, message, "fix constructs_lib/parts, or waive it with a reason in tools/waivers.py")
    used = frozenset().union(*(scored.used for scored in scores))
    for waiver in waivers:
        for name in waiver.objects:
            if (waiver, name) not in used:
                message = f"its waiver for {name} is not needed in any environment"
                yield Problem(f"{waiver.scanner} {waiver.check}", message, "remove it from tools/waivers.py")


def shown(percent: float) -> str:
    """With one digit, cut: 97.99 is not 98.0."""
    return f"{math.floor(percent * 10) / 10:.1f} %"


def table(scores: Iterable[Score]) -> str:
    """What the page and the terminal show."""
    rows = []
    for scored in scores:
        critical = scored.count(Grade.CRITICAL) + sum(w.grade is Grade.CRITICAL for w in scored.waived)
        cells = (
            scored.name, scored.objects, scored.scanner, len(scored.counted), shown(scored.percent),
            scored.count(Grade.WARNING), scored.count(Grade.CRITICAL), len(scored.waived),
            f"{shown(scored.unwaived_percent)}, {critical} critical",
        )  # fmt: skip
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join([HEAD, "|---|--:|---|--:|--:|--:|--:|--:|--:|", *rows])


def read_kube_score(text: str) -> list[Graded]:
    """Its JSON; what it skips (a rule about many replicas for one replica) is no check."""
    return [
        Graded(check["check"]["id"], _place(report["type_meta"]["kind"], report["object_meta"]), GRADES[check["grade"]])
        for report in _json(KUBE_SCORE, text)
        for check in report["checks"]
        if not check["skipped"]
    ]


def _place(kind: str, metadata: dict[str, Any]) -> str:
    return f"{kind} {metadata.get('namespace', 'default')}/{metadata['name']}"


def read_checkov(text: str) -> list[Graded]:
    """Its JSON; InvalidInput where it could not read something, or skipped a check by an annotation."""
    report = _json(CHECKOV, text)
    results = report.get("results", {})
    for name in ("parsing_errors", "skipped_checks"):
        if results.get(name):
            fix = "correct the manifest; what is waived is waived in tools/waivers.py"
            raise InvalidInput([Problem(CHECKOV, f"{name}: {results[name]}", fix)])
    grades = {"passed_checks": Grade.PASSED, "failed_checks": Grade.CRITICAL}
    return [
        Graded(check["check_id"], "{} {}/{}".format(*check["resource"].split(".", 2)), grade)
        for name, grade in grades.items()
        for check in results.get(name, [])
    ]


def _json(scanner: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput([Problem(scanner, f"answers no JSON: {text[:200]!r}", "run it by hand")]) from error


def run(program: Path, *arguments: str, folder: Path) -> str:
    """What a scanner prints; its home is the folder, so that no configuration of the user's changes a score."""
    if not program.exists():
        raise InvalidInput([Problem(program.name, "is not installed", "run `make setup-scores`")])
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LOG_LEVEL": "ERROR"}
    command = [str(program), *arguments]
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise InvalidInput([Problem(program.name, f"no answer in {SECONDS} s", "run it by hand")]) from error
    # 1 says that there are findings.
    if done.returncode not in (0, 1) or not done.stdout:
        raise InvalidInput([Problem(program.name, done.stderr.strip() or "says nothing", "run it by hand")])
    return done.stdout


def scan(folder: Path, scored: tuple[str, ...], version: str) -> list[Score]:
    """Run both scanners over what is staged in the folder."""
    manifests = kustomize(folder, folder / "overlays" / scored[0], ROOT)
    (folder / "all.yaml").write_text(manifest_yaml.dump(manifests), encoding="utf-8")
    optional = [part for name in OPTIONAL_TESTS for part in ("--enable-optional-test", name)]
    rated = run(
        ROOT / ".tools/bin/kube-score", "score", "--kubernetes-version", version, "--output-format", "json",
        # What is waived is waived in one place.
        "--disable-ignore-checks-annotations", *optional, "all.yaml", folder=folder,
    )  # fmt: skip
    checked = run(
        ROOT / ".tools/scan/bin/checkov", "--file", "all.yaml", "--framework", "kubernetes", "--skip-download",
        "--compact", "--output", "json", folder=folder,
    )  # fmt: skip
    return [
        score(scored, len(manifests), KUBE_SCORE, read_kube_score(rated)),
        score(scored, len(manifests), CHECKOV, read_checkov(checked)),
    ]


def every_score() -> list[Score]:
    """All of `SCORED`, by the newest Kubernetes that there are schemas for."""
    newest = versions(ROOT)[-1]
    version = "v" + ".".join(newest.split(".")[:2])
    platform = resolve(CATALOGUE, ROOT)
    with tempfile.TemporaryDirectory() as parent, ThreadPoolExecutor(WORKERS) as pool:
        futures = []
        for number, scored in enumerate(SCORED):
            settings, folder = read_settings(ROOT, CATALOGUE, scored[0]), Path(parent) / str(number)
            stage(ROOT, platform, [replace(settings, traits=(*settings.traits, *scored[1:]))], folder)
            futures.append(pool.submit(scan, folder, scored, version))
        return [score for future in futures for score in future.result()]


def main(*, write: bool) -> int:
    """Print the table and what is wrong; the exit code."""
    page = ROOT / PAGE
    try:
        scores = every_score()
        findings = list(problems(scores))
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 1
    print(table(scores))
    old = page.read_text(encoding="utf-8")
    new = filled(page, "scores", table(scores))
    if write:
        page.write_text(new, encoding="utf-8")
    elif new != old:
        findings.append(Problem(PAGE, "its table is not what the scanners say", "run `python -m tools.scores --write`"))
    for problem in findings:
        print(problem, file=sys.stderr)
    print(f"{len(scores)} scores, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    PARSER.add_argument("--write", action="store_true", help=f"write the table into {PAGE}")
    sys.exit(main(write=PARSER.parse_args().write))

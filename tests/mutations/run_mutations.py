"""Take facts of the generator away, one at a time, and check that a test notices.

Works on copies of the repository's tracked files, as they are in the working tree. Prints a line for each mutation:
KILLED (by which test), SURVIVED, or BROKEN (why it could not be decided). Exit code 0 where all are killed, else 1.
"""

import argparse
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.mutations.mutation import Mutation, mutations

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("catalogue", "chatdb", "constructs_lib")
LINKED = (".tools", "node_modules")
SERVICES = "services/"
"""Tests below it are run in the services' own environment."""
GENERATED = ("dist", "argocd", "overlays")
COPIES = 2
BASELINE_SECONDS, SYNTH_SECONDS, TEST_SECONDS = 900, 120, 120
FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
FAILURE, INTERRUPTED, USAGE = 1, 2, 4
"""Exit codes of pytest: a test failed; a module of tests could not be collected; conftest.py could not be read."""
INVALID = re.compile(r"ImportError while loading conftest.*InvalidInput", re.DOTALL)
"""What pytest says where the platform, which conftest.py resolves, is not valid."""


Run = Callable[..., subprocess.CompletedProcess[str]]
"""Runs a Python for at most so many seconds, with arguments."""


class Undecided(Exception):
    """Why nothing can be said of a mutation, or of the tests."""


class Copy:
    """A copy of the tracked files, whose code is what every Python in it imports."""

    def __init__(self, folder: Path) -> None:
        """Tools are linked; all else is copied."""
        self.folder = folder
        self.clock = itertools.count(10**9)
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        self.names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
        self._copy(self.names)
        for name in LINKED:
            (folder / name).symlink_to(ROOT / name)
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        programs = (Path(sys.executable).parent, ROOT / "node_modules/.bin", ROOT / ".tools/bin")
        self.environment["PATH"] = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
        self.environment |= {"PYTHONPATH": str(folder), "CDK8S_CHECK_UPGRADE": "false"}
        for name in PACKAGES:
            self._check_import(name, self.python)
        self._check_import("chatdb_common", self.services_python)

    def _check_import(self, package: str, run: Run) -> None:
        imported = run(TEST_SECONDS, "-c", f"import {package}; print({package}.__file__)").stdout
        if not imported.startswith(str(self.folder)):
            raise Undecided(f"the copy's tests would import {imported.strip()}")

    def _copy(self, names: Iterable[str]) -> None:
        for name in names:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.folder / name)

    def write(self, name: str, text: str) -> None:
        """Each write has another time, so that Python compiles the file anew."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        now = next(self.clock)
        os.utime(path, (now, now))

    def restore(self) -> None:
        """Bring the generated files back, and forget what was generated."""
        for name in (*GENERATED, ".cdk8s"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self._copy(name for name in self.names if name.startswith(tuple(f"{folder}/" for folder in GENERATED)))

    def python(self, seconds: float, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run this Python in the copy; Undecided where it does not end in time."""
        return self._run(seconds, self.environment, sys.executable, *arguments)

    def services_python(self, seconds: float, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same of the services' Python, with the copy's services."""
        folders = (self.folder, *(path for path in sorted((self.folder / SERVICES).iterdir()) if path.is_dir()))
        environment = self.environment | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
        return self._run(seconds, environment, str(self.folder / ".tools/services/bin/python"), *arguments)

    def _run(self, seconds: float, environment: dict[str, str], *line: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                line,
                cwd=self.folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Undecided(f"no end within {seconds:g} s") from error

    def tests(self, seconds: float, targets: Collection[str], *options: str) -> str | None:
        """The first test that fails; None where all pass. Undecided where no test can be run."""
        ours = [target for target in targets if not target.startswith(SERVICES)]
        theirs = [target for target in targets if target.startswith(SERVICES)]
        failed = self._tests(self.python, seconds, *options, *ours) if ours else None
        return failed or (self._tests(self.services_python, seconds, *options, *theirs) if theirs else None)

    def _tests(self, run: Run, seconds: float, *arguments: str) -> str | None:
        done = run(seconds, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *arguments)
        if done.returncode == 0:
            return None
        if done.returncode == USAGE and INVALID.search(done.stdout):
            return "tests/conftest.py: the platform is not valid"
        match = FAILED.search(done.stdout)
        if match is None or done.returncode not in (FAILURE, INTERRUPTED):
            raise Undecided(f"pytest ended with {done.returncode}: {done.stdout.strip()[-500:]}")
        return match[1]

    def decide(self, mutation: Mutation) -> str | None:
        """Who fails without the fact; None where nobody does."""
        if (count := mutation.occurrences(self.folder)) != 1:
            raise Undecided(f"the snippet occurs {count} times in {mutation.file}")
        before = (self.folder / mutation.file).read_text(encoding="utf-8")
        try:
            self.write(mutation.file, before.replace(mutation.find, mutation.replace))
            if mutation.generate:
                done = self.python(SYNTH_SECONDS, "-m", "chatdb", "synth")
                if done.returncode:
                    return f"chatdb synth: {done.stdout.strip().splitlines()[-1]}"
                if "nothing has changed" in done.stdout:
                    raise Undecided("what is generated does not change: leave out `generate`")
            return self.tests(TEST_SECONDS, mutation.tests)
        finally:
            self.write(mutation.file, before)
            if mutation.generate:
                self.restore()


def judge(mutation: Mutation, copies: "SimpleQueue[Copy]") -> tuple[str, str]:
    """KILLED, SURVIVED or BROKEN, and a line about it."""
    started = time.monotonic()
    copy = copies.get()
    try:
        killer = copy.decide(mutation)
        verdict, words = ("SURVIVED", "no test failed") if killer is None else ("KILLED", f"by {killer}")
    except Undecided as error:
        verdict, words = "BROKEN", str(error)
    finally:
        copies.put(copy)
    return verdict, f"{verdict:8} {mutation.id}: {words} ({time.monotonic() - started:.0f} s)"


def chosen(ids: list[str]) -> list[Mutation]:
    """The mutations of these ids; all where there is none."""
    every = mutations()
    unknown = set(ids) - {mutation.id for mutation in every}
    if unknown:
        sys.exit(f"unknown id: {', '.join(sorted(unknown))}")
    return [mutation for mutation in every if not ids or mutation.id in ids]


def main() -> None:
    """Check the tests without a mutation first: what fails anyway kills nothing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("ids", nargs="*", help="Only the mutations of these ids.")
    selected = chosen(parser.parse_args().ids)
    with tempfile.TemporaryDirectory() as scratch:
        copies = [Copy(Path(scratch) / f"copy-{number}") for number in range(COPIES)]
        targets = sorted({target for mutation in selected for target in mutation.tests})
        failed = copies[0].tests(BASELINE_SECONDS, targets, "-n", str(COPIES))
        if failed:
            sys.exit(f"without any mutation this fails: {failed}")
        print(f"{len(targets)} targets pass without a mutation", flush=True)
        free: SimpleQueue[Copy] = SimpleQueue()
        for copy in copies:
            free.put(copy)
        verdicts: Counter[str] = Counter()
        with ThreadPoolExecutor(COPIES) as pool:
            for verdict, line in pool.map(lambda mutation: judge(mutation, free), selected):
                verdicts[verdict] += 1
                print(line, flush=True)
    killed, survived, broken = (verdicts[name] for name in ("KILLED", "SURVIVED", "BROKEN"))
    print(f"{len(selected)} mutations, {killed} killed, {survived} survived, {broken} broken")
    sys.exit(0 if killed == len(selected) else 1)


if __name__ == "__main__":
    try:
        main()
    except Undecided as error:
        sys.exit(str(error))

"""What takes long on a real node, and the tables of docs/real-node.md and docs/production.md: `make node-long`.

Everything is killed and deleted, the node is drained and rebooted, packets are dropped, faults are deployed, a release
is made under load, and a job gets more data than its memory holds. The order is drawn from a seed.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from tests.e2e.api import ApiError
from tests.node import smoke
from tests.node.deployed import FOLDER, Deployed
from tests.node.inputs import digest
from tests.node.long.sections import Section
from tests.node.long.stages import STAGES, Stage
from tests.node.place import place
from tests.node.up import missing
from tests.repository import ROOT
from tools.sections import fill


def play(names: Collection[str], seed: int, done: Callable[[Stage, str, str], object]) -> list[str]:
    """What is wrong; `done` is told stage, name and text of each section that nothing is wrong in."""
    problems: list[str] = []
    for stage in STAGES:
        if chosen := {name: act for name, act in stage.sections.items() if name in names}:
            shutil.rmtree(FOLDER, ignore_errors=True)
            FOLDER.mkdir(parents=True)
            with place(FOLDER, stage.machine) as where:
                deployed = Deployed(where, FOLDER)
                stage.prepare(deployed)
                print(deployed.build() + stage.deploy(deployed), flush=True)
                smoke.wait_whole(deployed)
                for name, act in chosen.items():
                    section = play_section(name, act, deployed, seed)
                    problems += section.problems
                    if not section.problems:
                        done(stage, name, "\n".join(section.rows))
    return problems


def play_section(name: str, act: Callable[[Section], None], deployed: Deployed, seed: int) -> Section:
    """Do it, and show what came of it."""
    print(f"== {name}", flush=True)
    section = Section(deployed, random.Random(f"{seed} {name}"), [], [])
    try:
        act(section)
    except (OSError, ApiError, AssertionError, subprocess.SubprocessError) as error:
        section.problems.append(f"{name}: {error}")
    print("\n".join([*section.rows, *section.problems]), flush=True)
    return section


def conditions(commit: str, seed: int, traits: tuple[str, ...]) -> str:
    """The line that says on what a table was measured."""
    model = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return (
        f"Measured on commit {commit}, inputs `{digest(traits)}`, seed {seed}; {len(model)} x {model[0]},"
        f" load {os.getloadavg()[0]:.0f} at the end."
    )


def present_commit() -> str:
    """The commit that is measured."""
    line = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    return subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def main() -> int:
    """The exit code: 1 where something is wrong; tables of such a section are not written."""
    every = [name for stage in STAGES for name in stage.sections]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32), help="of the order")
    parser.add_argument("--only", nargs="+", choices=every, default=every, help="these sections alone")
    parser.add_argument("--write", action="store_true", help="write the tables into their pages")
    asked_for = parser.parse_args()
    if wanting := missing():
        print(": ".join(wanting), file=sys.stderr)
        return 1
    commit = present_commit()

    def write(stage: Stage, name: str, text: str) -> None:
        if asked_for.write:
            fill(stage.page, name, f"{text}\n\n{conditions(commit, asked_for.seed, stage.traits)}")

    if problems := play(asked_for.only, asked_for.seed, write):
        print("\n".join(["wrong:", *problems, f"logs: {FOLDER}; again: --seed {asked_for.seed}"]), file=sys.stderr)
        return 1
    shutil.rmtree(FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())

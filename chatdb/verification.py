"""What is run on a committed tree by its own code: see that nothing in it is stale or refused, then pin its tiers.

Usage: python -m chatdb.verification TREE PINS [rules]; PINS is JSON, tier -> commit. Prints its problems as JSON.
"""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from chatdb.release import write_pins
from chatdb.repository import catalogue
from constructs_lib.checks.render import inputs
from constructs_lib.checks.rules import run
from constructs_lib.gitops.argo_cd import write_argo_cd
from constructs_lib.gitops.prefix import prefix
from constructs_lib.gitops.synth import differing, resolved, stage
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.settings import read_settings

FIX = "run `chatdb synth`, commit, push, and run again"


def problems(tree: Path, pins: Mapping[str, str], *, rules: bool) -> Sequence[Problem]:
    """What is wrong with the tree; where nothing is, pins and Applications are written into it."""
    try:
        platform, settings = resolved(tree, catalogue())
        with tempfile.TemporaryDirectory() as out:
            rendered = stage(tree, platform, settings, Path(out))
            stale = differing(tree, platform, settings, Path(out))
        if stale:
            return [Problem(path, "in the commit it is not what the code gives", FIX) for path in stale]
        if rules and (findings := run(inputs(tree, platform))):
            return [Problem(f"[{one.rule}] {one.problem.where}", one.problem.what, one.problem.fix) for one in findings]
        write_pins(tree, settings.environment, pins)
        pinned = read_settings(tree, platform.catalogue)
        write_argo_cd(tree / "argocd" / settings.environment, platform, pinned, rendered.kinds(), prefix(tree))
    except InvalidInput as error:
        return error.problems
    return []


if __name__ == "__main__":
    reported = problems(Path(sys.argv[1]), json.loads(sys.argv[2]), rules="rules" in sys.argv[3:])
    print(json.dumps([(problem.where, problem.what, problem.fix) for problem in reported]))

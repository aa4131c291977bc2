"""What is run on a committed tree by its own code: see that nothing of an environment is stale or refused, then pin it.

Usage: python -m chatdb.verification TREE ENVIRONMENT PINS [rules]; PINS is what a file of pins says, as JSON. Prints
JSON, too.
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


def problems(tree: Path, environment: str, pins: Mapping[str, object], *, rules: bool) -> Sequence[Problem]:
    """What is wrong with the tree; where nothing is, pins and Applications are written into it."""
    try:
        platform, chosen = resolved(tree, catalogue(), environment)
        (settings,) = chosen
        with tempfile.TemporaryDirectory() as out:
            staged = stage(tree, platform, chosen, Path(out))
            stale = differing(tree, platform, chosen, Path(out))
        if stale:
            return [Problem(path, "in the commit it is not what the code gives", FIX) for path in stale]
        if rules and (findings := run(inputs(tree, platform, settings))):
            return [Problem(f"[{one.rule}] {one.problem.where}", one.problem.what, one.problem.fix) for one in findings]
        write_pins(tree, environment, pins)
        pinned = read_settings(tree, platform.catalogue, environment)
        own, kinds = staged[environment]
        write_argo_cd(tree / "argocd" / environment, own, pinned, kinds, prefix(tree))
    except InvalidInput as error:
        return error.problems
    return []


if __name__ == "__main__":
    reported = problems(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), rules="rules" in sys.argv[4:])
    print(json.dumps([(problem.where, problem.what, problem.fix) for problem in reported]))

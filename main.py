"""The cdk8s app: `cdk8s synth` runs it, and finds the manifests in the folder that it names."""

import os
import sys
from pathlib import Path

from constructs_lib.gitops.regenerate import copy_manifests, regenerate
from constructs_lib.problem import InvalidInput
from constructs_lib.read_catalogue import read_catalogue

ROOT = Path(__file__).resolve().parent


def main() -> int:
    """Exit code 1 with every problem where an input is wrong."""
    out = Path(os.environ.get("CDK8S_OUTDIR", ROOT / ".cdk8s/out"))
    try:
        regenerate(ROOT, lambda: read_catalogue(ROOT))
        copy_manifests(ROOT, out)
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The cdk8s app: `cdk8s synth` runs it, and finds the manifests in the folder that it names."""

import os
import sys
from pathlib import Path

from constructs_lib.problem import InvalidInput

ROOT = Path(__file__).resolve().parent


def main() -> int:
    """Exit code 1 with every problem where an input is wrong."""
    try:
        # The catalogue first: what is wrong with it is said before anything starts Node.
        from constructs_lib.catalogue.load import CATALOGUE
        from constructs_lib.gitops.synth import synthesize

        synthesize(ROOT, CATALOGUE, Path(os.environ.get("CDK8S_OUTDIR", ROOT / ".cdk8s/out")))
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

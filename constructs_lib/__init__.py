"""ChatDB's GitOps repository generator: catalogue -> constructs -> dist/, overlays/ and argocd/."""

import os
import sys
from pathlib import Path

# cdk8s starts the first `node` of PATH; the one that was installed beside this Python is the one that fits.
_NODE = Path(sys.executable).with_name("node")
if _NODE.exists():
    os.environ.setdefault("JSII_NODE", str(_NODE))

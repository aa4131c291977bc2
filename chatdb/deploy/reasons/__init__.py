"""Why something is not ready: one model for `chatdb deploy`, `chatdb health` and `chatdb status`."""

from chatdb.deploy.reasons.reason import Grace, Reason
from chatdb.deploy.reasons.workloads import reasons

__all__ = ["Grace", "Reason", "reasons"]

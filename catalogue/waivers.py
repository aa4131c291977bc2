"""Violations of rules that are accepted, each with its reason."""

from constructs_lib.model import Waiver

WAIVERS = (
    Waiver(
        "probes",
        "tier testing: Deployment chatdb-testing/locust-worker",
        "a worker listens on no port; it ends by itself when it loses its master, and is then restarted",
    ),
)

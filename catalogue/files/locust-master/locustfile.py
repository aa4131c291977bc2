"""ChatDB's load: training jobs, health, and questions, as users send them through the ingress."""

import socket
from argparse import ArgumentParser
from http import HTTPStatus

from locust import HttpUser, between, events, task

HOST_NAME = "chatdb.local"
"""The name that the ingress routes by; it does not resolve in the cluster, so the address is the controller's."""
REFUSED = "/api/v1/jobs refused: queue full"
"""What is counted under this name is no failure: the bound of the queue does what it is for."""


@events.init_command_line_parser.add_listener
def listen_by_both_families(parser: ArgumentParser) -> None:
    """Serve the page on IPv6 and IPv4, as Locust does by itself; without IPv6 in the kernel it would not start so."""
    if not socket.has_dualstack_ipv6():
        parser.set_defaults(web_host="0.0.0.0")  # noqa: S104 - inside a pod every interface is the pod's own


class ChatDBUser(HttpUser):
    """One user, who does something every one to three seconds."""

    wait_time = between(1, 3)

    def on_start(self) -> None:
        """Name the virtual host in every request."""
        self.client.headers["Host"] = HOST_NAME

    @task(3)
    def submit_training_job(self) -> None:
        """Submit a job; a full queue answers with 429, and when to come again."""
        job = {
            "model_name": "load-test-model",
            "dataset_location": "s3://test/load-data.csv",
            "cpu_request": 1,
        }
        with self.client.post("/api/v1/jobs", json=job, catch_response=True) as response:
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS and "Retry-After" in response.headers:
                response.request_meta["name"] = REFUSED
                response.success()

    @task(1)
    def check_health(self) -> None:
        """Look at the status page."""
        self.client.get("/test/")

    @task(1)
    def parse_question(self) -> None:
        """Ask a question in plain English."""
        self.client.post("/api/v1/parse", json={"query": "how many jobs failed last week"})

"""The shell completes commands, options and names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import invoke
from tests.repository import ROOT


def completed(*words: str) -> list[str]:
    """What bash is offered for the last of the words."""
    environment = os.environ | {
        "_CHATDB_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["chatdb", *words]),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-m", "chatdb"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return [line.partition(",")[2] for line in done.stdout.split()]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("explain", "tr"), ["training-orchestrator"]),
        (("explain", "locust"), ["locust-master", "locust-worker"]),
        (("exp",), ["explain"]),
        (("check", "--rule", "cap"), ["capacity"]),
        (("graph", "--format", "me"), ["mermaid"]),
        (("completion", "f"), ["fish"]),
        (("promote", "--to", "mini"), ["minikube"]),
        (("new-service", "x", "--tier", "ed"), ["edge"]),
        (("new-service", "x", "--needs", "jaeger:otlp"), ["jaeger:otlp-grpc", "jaeger:otlp-http"]),
        (("explain", "nothing-like-it"), []),
        (("explain", "kafka", "-e", "prod"), ["production"]),
        (("graph", "-e", "prod"), ["production"]),
        (("report", "-e", "mini"), ["minikube"]),
        (("rep",), ["report"]),
        (("report", "--op"), ["--open"]),
    ],
)
def test_words(words: tuple[str, ...], offered: list[str]) -> None:
    """Commands, components, rules and choices."""
    assert completed(*words) == offered


def test_bash_script_is_bash() -> None:
    """It parses, and registers the command."""
    script = invoke("completion", "bash")
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=60)
    assert "complete -o nosort -F _chatdb_completion chatdb" in script


def test_the_script_of_bash_works() -> None:
    """Bash itself, with the script, offers the component."""
    steps = (
        'eval "$(chatdb completion bash)"; COMP_WORDS=(chatdb explain tr); COMP_CWORD=2;'
        '_chatdb_completion chatdb tr explain; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = ["bash", "--norc", "-c", steps]
    done = subprocess.run(
        command, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "training-orchestrator\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_scripts_of_other_shells(shell: str) -> None:
    """Each asks the command under the name that it is installed with."""
    assert f"_CHATDB_COMPLETE={shell}_complete" in invoke("completion", shell)


def test_unknown_shell_is_wrong_usage() -> None:
    """The message lists those there are."""
    assert "'bash', 'zsh', 'fish'" in invoke("completion", "csh", code=2)

"""Running git: within a time limit, without a prompt, whatever the user's settings and the caller's variables are."""

import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.problem import InvalidInput, Problem

SECONDS = 60
GRACE = 5
"""Seconds that git has to remove its lock files before it is killed."""
LOCATIONS = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ATTR_SOURCE", "GIT_COMMON_DIR", "GIT_DIR", "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS", "GIT_GRAFT_FILE", "GIT_ICASE_PATHSPECS", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE",
    "GIT_INDEX_VERSION", "GIT_INTERNAL_SUPER_PREFIX", "GIT_LITERAL_PATHSPECS", "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE", "GIT_WORK_TREE", "GPG_TTY", "SSH_ASKPASS",
)  # fmt: skip
"""Variables that git sets for its hooks, which name a repository and its parts, or by which somebody is asked."""
ENV_VARS = {
    "GCM_INTERACTIVE": "never",
    "GIT_EDITOR": ":",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "SSH_ASKPASS_REQUIRE": "never",
}
PLAIN = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0"}
"""For runs without hooks: the hooks of the user would inherit them."""
SETTINGS = {
    "color.ui": "false",
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "fetch.writeCommitGraph": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
}
TIMED_OUT = 124
NO_HOOKS = {"core.hooksPath": os.devnull}


@dataclass(frozen=True, slots=True)
class Done:
    """What a run of git has printed, and its exit code."""

    code: int
    out: str
    err: str


def run_git(
    root: Path,
    *arguments: str,
    seconds: float = SECONDS,
    hooks: bool = False,
    env_vars: dict[str, str] | None = None,
    settings: dict[str, str] | None = None,
) -> Done:
    """Run git in the folder, and wait for its end; `hooks` of the user run only where that is said.

    What does not end in time is ended, and has the exit code TIMED_OUT. InvalidInput where git is not installed. Output
    goes to files: what a hook leaves running in the background is not waited for.
    """
    config = SETTINGS | ({} if hooks else NO_HOOKS) | (settings or {})
    options = [word for name, value in config.items() for word in ("-c", f"{name}={value}")]
    command = ["git", "-C", str(root), "--no-pager", *options, *arguments]
    kept = {name: value for name, value in os.environ.items() if name not in LOCATIONS}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            process = subprocess.Popen(
                command,
                env=kept | ENV_VARS | ({} if hooks else PLAIN) | (env_vars or {}),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise InvalidInput([Problem("git", "is not installed", "install git")]) from error
        try:
            code, note = process.wait(seconds), ""
        except subprocess.TimeoutExpired:
            code, note = TIMED_OUT, f"has not ended within {seconds:g} s\n"
        finally:
            _end(process)
        for file in (out, err):
            file.seek(0)
        return Done(code, out.read().decode(errors="replace"), note + err.read().decode(errors="replace"))


def git(root: Path, *arguments: str, fix: str = "fix it and run again") -> str:
    """Run git, and return what it prints without space around; InvalidInput with git's own words where it fails."""
    done = run_git(root, *arguments)
    if done.code:
        raise failed(arguments[0], done, fix)
    return done.out.strip()


def failed(command: str, done: Done, fix: str) -> InvalidInput:
    """The failure of a git command in its own words."""
    return InvalidInput([Problem(f"git {command}", done.err.strip() or done.out.strip() or "failed", fix)])


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process and its children, where it has not ended by itself."""
    for end in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, end)
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                continue

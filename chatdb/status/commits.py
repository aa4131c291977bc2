"""What this clone knows of a commit: when it was made, and when it was pushed. No repository is asked."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chatdb.git import run_git
from constructs_lib.settings import COMMIT, Settings


@dataclass(frozen=True)
class Commits:
    """The commits of a clone; every answer is empty where the clone does not know."""

    root: Path
    settings: Settings

    def committed(self, commit: str) -> str:
        """When it was made."""
        return self._git("show", "--no-patch", "--format=%cI", commit) if COMMIT.fullmatch(commit) else ""

    @cached_property
    def branch(self) -> str:
        """The remote-tracking branch of what the environment tracks."""
        for line in self._git("remote", "--verbose").splitlines():
            name, _, rest = line.partition("\t")
            address = rest.partition(" ")[0]
            if self.settings.repository in (address, f"file://{address}"):
                return f"refs/remotes/{name}/{self.settings.revision}"
        return ""

    @cached_property
    def tip(self) -> str:
        """The commit that the branch was at when this clone pushed or fetched last."""
        return self._git("rev-parse", "--verify", "--quiet", self.branch) if self.branch else ""

    def pushed(self, commit: str) -> str:
        """When this clone has pushed it, or seen it at the tip of the branch."""
        if not self.branch:
            return ""
        log = self._git("reflog", "show", "--format=%H %gd", "--date=iso-strict", self.branch)
        times = [line.partition("@{")[2].rstrip("}") for line in log.splitlines() if line.startswith(commit)]
        return times[-1] if commit and times else ""

    def contains(self, tip: str, commit: str) -> bool:
        """Whether the commit is the tip, or before it."""
        return bool(tip and commit) and not run_git(self.root, "merge-base", "--is-ancestor", commit, tip).code

    def _git(self, *arguments: str) -> str:
        done = run_git(self.root, *arguments)
        return "" if done.code else done.out.strip()

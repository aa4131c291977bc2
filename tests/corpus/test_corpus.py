"""The corpus: each case is an input as a user would write it, given to the real commands.

A case begins with comments: `rule` says who refuses it (a rule of `chatdb check`, `kustomize`, `catalogue`, `settings`,
`pins`, `tags`, `init`, or `synth` for overlays), each `says` is one problem, `file` the file of the repository that it
stands for, `without` one that is missing. Cases in Python are added to the end of their file, those in YAML replace it;
those of `init` are options.
"""

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.repository import ROOT, keep_one

CORPUS = Path(__file__).parent
COPIED = ("catalogue", "chatdb", "constructs_lib", "main.py", "overlays", "chatdb.yaml", "dist", "argocd", "services")
COMPONENTS = "catalogue/components.py"
FILES = {"catalogue": COMPONENTS, "settings": "chatdb.yaml", "pins": "pins/minikube.yaml", "tags": "images.yaml"}
REFUSED_BY_SYNTH = (*FILES, "init", "synth")
HEAD = re.compile(r"# (rule|says|file|without): (.+)")
LINE = re.compile(r"(\[[a-z-]+\] )?[^;]+: .+; .+")
PLACE = re.compile(r"^(\S+\.py):(\d+): ", re.MULTILINE)
SUMMARY = re.compile(r"\d+ rules, \d+ findings")
ASKING = (
    ("capacity",),
    ("chaos", "list"),
    ("check", "--json"),
    ("deploy", "--dry-run"),
    ("explain", "kafka"),
    ("graph",),
    ("health",),
    ("images",),
    ("synth", "--check"),
)
"""Commands that look at the platform."""
SECONDS = 120


@dataclass(frozen=True)
class Case:
    """One file of the corpus."""

    path: Path

    @property
    def heads(self) -> list[tuple[str, str]]:
        """The comments that it begins with."""
        lines = itertools.takewhile(lambda line: line.startswith("#"), self.text.splitlines())
        return [(match[1], match[2]) for line in lines if (match := HEAD.fullmatch(line))]

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    def all(self, key: str) -> list[str]:
        """The values of that comment."""
        return [value for name, value in self.heads if name == key]

    @property
    def rule(self) -> str:
        """Who refuses it first."""
        return self.all("rule")[0]

    @property
    def file(self) -> str:
        """The file of the repository that it stands for."""
        own = COMPONENTS if self.path.suffix == ".py" else FILES.get(self.rule, "chatdb.yaml")
        return next(iter(self.all("file")), own)


class Copy:
    """A copy of the repository that is as before after each case."""

    def __init__(self, folder: Path) -> None:
        """Links to the tools; all else is copied."""
        self.folder = folder / "repository"
        self.aside = folder
        self.clock = itertools.count(10**9)
        for name in COPIED:
            ignored = shutil.ignore_patterns("__pycache__")
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.folder / name, ignore=ignored)
            else:
                shutil.copyfile(ROOT / name, self.folder / name)
        (self.folder / ".tools").symlink_to(ROOT / ".tools")
        keep_one(self.folder)
        self.before = self.contents()

    def contents(self) -> dict[str, bytes]:
        """Every file that is the repository's own."""
        paths = (
            path
            for name in (*COPIED, "pins", "images.yaml")
            for path in (self.folder / name, *(self.folder / name).rglob("*"))
        )
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}

    def write(self, name: str, content: bytes) -> None:
        """Each time of a change is another one, so that Python compiles the file anew."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        time = next(self.clock)
        os.utime(path, (time, time))

    def place(self, case: Case) -> None:
        """Put the case in."""
        for name in case.all("without"):
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        if case.path.suffix == ".py":
            helpers = (CORPUS / "helpers.py").read_bytes() if case.file == COMPONENTS else b""
            self.write(case.file, self.before[case.file] + helpers + case.path.read_bytes())
        elif case.rule != "init" and not (case.all("without") and not case.all("file")):
            self.write(case.file, case.path.read_bytes())

    def restore(self) -> None:
        """Undo what the case and the commands have done."""
        now = self.contents()
        for name in now.keys() - self.before.keys():
            (self.folder / name).unlink()
            if not any((self.folder / name).parent.iterdir()):
                (self.folder / name).parent.rmdir()
        for name, content in self.before.items():
            if now.get(name) != content:
                self.write(name, content)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit code and output of a Python program in the copy."""
        out = self.aside / "out"
        shutil.rmtree(out, ignore_errors=True)
        own = {"CDK8S_OUTDIR": str(out), "PYTHONPYCACHEPREFIX": str(self.aside / "cache")}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=kept | own, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def synth(self) -> tuple[int, str]:
        """What `cdk8s synth` runs."""
        return self.run("main.py")

    def chatdb(self, *arguments: str) -> tuple[int, str]:
        """The command."""
        return self.run("-m", "chatdb", *arguments)


@pytest.fixture(scope="session")
def one_copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """One for each process of tests."""
    return Copy(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def copy(one_copy: Copy) -> Iterator[Copy]:
    """The repository as it is."""
    yield one_copy
    one_copy.restore()


def cases(folder: str) -> list[Case]:
    """All of a folder."""
    return [Case(path) for path in sorted((CORPUS / folder).iterdir())]


def refusal(copy: Copy, case: Case) -> tuple[int, str]:
    """What the command says that refuses the case; files stay as they are where it is the generator."""
    if case.rule in REFUSED_BY_SYNTH:
        before = copy.contents()
        if case.rule == "init":
            options = yaml.safe_load(case.text).items()
            result = copy.chatdb("init", *(text for key, value in options for text in (f"--{key}", str(value))))
        else:
            result = copy.synth()
        assert copy.contents() == before
        return result
    if case.path.suffix == ".py":
        assert copy.synth()[0] == 0
    return copy.chatdb("check", *(() if case.rule == "kustomize" else ("--rule", case.rule)))


@pytest.mark.parametrize("case", cases("invalid"), ids=lambda case: case.path.stem)
def test_invalid(copy: Copy, case: Case) -> None:
    """It is refused with exit code 1 and a line for each problem, of where, what and fix, and for nothing else."""
    copy.place(case)
    code, output = refusal(copy, case)
    assert code == 1, output
    lines = [line for line in output.splitlines() if not SUMMARY.fullmatch(line)]
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert [text for text in case.all("says") if text not in output] == []
    assert [line for line in lines if not any(text in line for text in case.all("says"))] == []
    written = (case.text + (CORPUS / "helpers.py").read_text(encoding="utf-8")).split("\n")
    for name, number in PLACE.findall(output):
        line = (copy.folder / name).read_text(encoding="utf-8").splitlines()[int(number) - 1]
        assert line, f"{name}:{number} is empty"
        assert line in written
    if case.rule not in (*REFUSED_BY_SYNTH, "kustomize"):
        assert {line.partition("]")[0] for line in lines} == {f"[{rule}" for rule in case.all("rule")}


@pytest.mark.parametrize("case", cases("valid"), ids=lambda case: case.path.stem)
def test_valid(copy: Copy, case: Case) -> None:
    """It generates, and every rule passes."""
    copy.place(case)
    code, output = copy.synth()
    assert code == 0, output
    code, output = copy.chatdb("check")
    assert (code, output.splitlines()[-1].split(", ")[1]) == (0, "0 findings"), output


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_every_command_advises(copy: Copy, arguments: tuple[str, ...]) -> None:
    """Commands that only look at the platform name its problems, too; a program reads nothing of it as an answer."""
    copy.place(Case(CORPUS / "invalid/everything-at-once.py"))
    code, output = copy.chatdb(*arguments)
    assert code == 1, output
    assert [line for line in output.splitlines() if not LINE.fullmatch(line)] == []
    assert "toy: replicas is 0" in output


def test_corpus_is_large() -> None:
    """At least 20 valid and 50 invalid cases, and each invalid one says what has to be said."""
    assert len(cases("valid")) >= 20
    assert len(cases("invalid")) >= 50
    assert [case.path.name for case in cases("invalid") if not case.all("says")] == []
    assert sum(len(case.all("says")) > 1 for case in cases("invalid")) >= 10

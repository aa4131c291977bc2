"""The corpus of settings files: valid ones load, and each invalid one is refused with the words in its first line."""

import shutil
from pathlib import Path

import pytest
from repository import ROOT

from constructs_lib.problem import InvalidInput
from constructs_lib.settings import load

CORPUS = ROOT / "tests/corpus"
VALID = sorted((CORPUS / "valid").glob("*.yaml"))
INVALID = sorted((CORPUS / "invalid").glob("*.yaml"))


def placed(tmp_path: Path, case: Path) -> Path:
    """A repository that has the case as its settings, or as its pins."""
    pins = case.name.startswith("pins")
    (tmp_path / "pins").mkdir()
    shutil.copyfile(case, tmp_path / ("pins/minikube.yaml" if pins else "chatdb.yaml"))
    if pins:
        shutil.copyfile(ROOT / "chatdb.yaml", tmp_path / "chatdb.yaml")
    return tmp_path


@pytest.mark.parametrize("case", VALID, ids=lambda path: path.stem)
def test_valid(tmp_path: Path, case: Path) -> None:
    """It loads."""
    assert load(placed(tmp_path, case)).environment == "minikube"


@pytest.mark.parametrize("case", INVALID, ids=lambda path: path.stem)
def test_invalid(tmp_path: Path, case: Path) -> None:
    """It is refused for the reason that its first line names, with a mend and no traceback."""
    reason = case.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    with pytest.raises(InvalidInput) as caught:
        load(placed(tmp_path, case))
    assert reason in str(caught.value)
    assert all(problem.mend for problem in caught.value.problems)


def test_missing(tmp_path: Path) -> None:
    """No file at all is advice, too."""
    with pytest.raises(InvalidInput, match="run `chatdb init`"):
        load(tmp_path)

"""What many tests look at: the repository itself, and its overlay rendered once."""

from pathlib import Path

import pytest

from constructs_lib.catalogue.components import CATALOGUE
from constructs_lib.checks.model import Inputs
from constructs_lib.checks.render import inputs

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def rendered() -> Inputs:
    """The minikube overlay of the repository, as Argo CD would apply it."""
    return inputs(ROOT, CATALOGUE)

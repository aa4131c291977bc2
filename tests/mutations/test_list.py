"""The list of mutations fits the code: an entry that cannot be applied would show nothing."""

from collections import Counter

from tests.mutations.mutation import Mutation, mutations
from tests.repository import ROOT

MUTATIONS = mutations()


def test_each_snippet_occurs_once() -> None:
    """It is in its file exactly once, and is replaced by something else."""
    counts = {mutation.id: mutation.occurrences(ROOT) for mutation in MUTATIONS}
    assert {id_: count for id_, count in counts.items() if count != 1} == {}
    assert [mutation.id for mutation in MUTATIONS if mutation.replace == mutation.find] == []


def missing(mutation: Mutation) -> list[str]:
    """The targets whose file or function does not exist."""
    absent = []
    for target in mutation.tests:
        file, _, function = target.partition("[")[0].partition("::")
        path = ROOT / file
        if not path.is_file() or (function and f"def {function}(" not in path.read_text(encoding="utf-8")):
            absent.append(target)
    return absent


def test_each_target_exists() -> None:
    """Every mutation names a test, and the test's file has it."""
    assert [mutation.id for mutation in MUTATIONS if not mutation.tests] == []
    assert {mutation.id: targets for mutation in MUTATIONS if (targets := missing(mutation))} == {}


def test_ids_are_unique() -> None:
    """An id on the command line means one mutation."""
    assert [id_ for id_, count in Counter(mutation.id for mutation in MUTATIONS).items() if count > 1] == []

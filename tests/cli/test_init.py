"""`chatdb init`, the first time and again: what somebody has written stays."""

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalogue.components import CATALOGUE
from chatdb.cli import main
from constructs_lib.machine import Nodes
from constructs_lib.problem import InvalidInput
from constructs_lib.settings import read_settings
from constructs_lib.yaml_edit import with_values
from tests.command import invoke

URL, OTHER = "https://git.example/chatdb.git", "https://git.example/mine.git"
OLD = f"""# ours
repository: {URL}  # the mirror is elsewhere
revision: 'trunk'
# not the one of the tests
environment: staging  # for now
tiers:  # no monitoring
- platform
- foundation
- setup
# as they need both
- core
- processing
- edge
- testing
"""
"""The file as it was when there was one environment."""
WRITTEN = f"""# ours
repository: {URL}  # the mirror is elsewhere
environments:
  # not the one of the tests
  staging:  # for now
    applications: chatdb
    revision: 'trunk'
    tiers:  # no monitoring
    - platform
    - foundation
    - setup
    # as they need both
    - core
    - processing
    - edge
    - testing
"""
TWO = f"""{WRITTEN}  # where customers are
  production:
    revision: stable
    cluster: production
"""
VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12),
    st.lists(st.sampled_from(["core", "edge"]), max_size=2),
)
MAPPINGS = st.dictionaries(st.sampled_from(["repository", "revision", "environment", "tiers"]), VALUES)
TEXTS = st.dictionaries(st.sampled_from(["revision", "cluster", "machine"]), st.sampled_from("abc"), min_size=1)
NESTED = st.dictionaries(st.sampled_from(["staging", "production", "test"]), TEXTS, min_size=1)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without settings that the command works on."""
    monkeypatch.setitem(main.context_settings, "obj", tmp_path)
    return tmp_path


def init(*arguments: str, code: int = 0) -> str:
    """Run `chatdb init`."""
    return invoke("init", *arguments, code=code)


def pin(root: Path, *environments: str) -> list[Path]:
    """Pins of these environments."""
    (root / "pins").mkdir()
    paths = [root / f"pins/{name}.yaml" for name in environments]
    for path in paths:
        path.write_text(f"core: '{0:040}'\n")
    return paths


def test_first_time(root: Path) -> None:
    """All tiers, and the defaults."""
    init("--repository", URL)
    written = read_settings(root, CATALOGUE)
    assert (written.revision, written.environment, written.tiers) == ("main", "minikube", CATALOGUE.tiers)


def test_again(root: Path) -> None:
    """The same values change no byte; another one changes its own."""
    path = root / "chatdb.yaml"
    path.write_text(WRITTEN)
    (pins,) = pin(root, "staging")
    init("--repository", URL)
    assert path.read_text() == WRITTEN
    init("--repository", URL, "--revision", "main")
    assert path.read_text() == WRITTEN.replace("'trunk'", "main")
    assert pins.exists()


def test_old_form(root: Path) -> None:
    """Without an option it is brought into the present form: values, comments and pins stay, and names in Argo CD."""
    path = root / "chatdb.yaml"
    path.write_text(OLD)
    (pins,) = pin(root, "staging")
    with pytest.raises(InvalidInput, match=r"chatdb\.yaml:3: revision is at the top level.*run `chatdb init`"):
        read_settings(root, CATALOGUE)
    init()
    assert path.read_text() == WRITTEN
    settings = read_settings(root, CATALOGUE)
    assert (settings.environment, settings.applications, settings.revision) == ("staging", "chatdb", "trunk")
    assert settings.pins == (("core", f"{0:040}"),)
    assert pins.exists()
    init()
    assert path.read_text() == WRITTEN


def test_old_form_of_minikube(root: Path) -> None:
    """What was known of the machine by the environment's name is a setting; tiers that were not listed are all."""
    (root / "chatdb.yaml").write_text(f"repository: {URL}\nrevision: main\nenvironment: minikube\n")
    init()
    settings = read_settings(root, CATALOGUE)
    assert (settings.nodes, settings.tiers) == (Nodes(1, CATALOGUE.machines["minikube"]), CATALOGUE.tiers)


def test_one_of_two(root: Path) -> None:
    """Only its own value changes; which one it is has to be said."""
    path = root / "chatdb.yaml"
    path.write_text(TWO)
    assert "--environment: there are 2 environments; use one of: staging, production" in init(
        "--revision", "next", code=1
    )
    assert "unknown environment 'test'" in init("-e", "test", code=1)
    init("--revision", "next", "-e", "production")
    assert path.read_text() == TWO.replace("stable", "next")
    path.write_text(f"repository: {URL}\nenvironments: {{a: text}}\n")
    assert "chatdb.yaml:2: environment a is 'text'; write its settings" in init("--revision", "next", code=1)


def test_another_repository(root: Path) -> None:
    """Somebody has to say what becomes of pins, of every environment; until then nothing changes."""
    path = root / "chatdb.yaml"
    path.write_text(TWO)
    pins = pin(root, "staging", "production")
    refusal = init("--repository", OTHER, code=1)
    assert "pins: production.yaml, staging.yaml: pins name commits of the repository that was there before" in refusal
    assert "say --pins keep" in refusal
    assert path.read_text() == TWO
    init("--repository", OTHER, "--pins", "keep")
    assert path.read_text() == TWO.replace(URL, OTHER)
    assert all(pin.exists() for pin in pins)
    init("--repository", URL, "--pins", "drop")
    assert path.read_text() == TWO
    assert not any(pin.exists() for pin in pins)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "delete it, and run `chatdb init` again"),
        ("- a", "not a mapping"),
        (f"repository: {URL}\ntiers: [core]\n", "tier platform is missing"),
        ("environment: 5\n", "environment 5 is not a legal name"),
    ],
    ids=["syntax", "list", "tiers", "number"],
)
def test_what_cannot_be_kept(root: Path, text: str, words: str) -> None:
    """A file with mistakes is not written over."""
    path = root / "chatdb.yaml"
    path.write_text(text)
    output = init("--repository", OTHER, code=1)
    assert words in output or "fix the syntax" in output
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["{repository: x, revision: y}\n", "repository: &a x\nrevision: *a\n", "", "# none\n"])
def test_what_cannot_be_edited(root: Path, text: str) -> None:
    """Comments are lost then, and nothing else."""
    (root / "chatdb.yaml").write_text(text)
    init("--repository", OTHER, "--revision", "main")
    assert read_settings(root, CATALOGUE).repository == OTHER


@pytest.mark.parametrize("revision", ["1e3", "0o17", "2026"])
def test_branch_that_looks_like_a_number(root: Path, revision: str) -> None:
    """It is written so that it is read as a text."""
    (root / "chatdb.yaml").write_text(WRITTEN)
    init("--repository", URL, "--revision", revision)
    assert read_settings(root, CATALOGUE).revision == revision


@settings(max_examples=40, deadline=None, derandomize=True)
@given(MAPPINGS, MAPPINGS, st.booleans())
@example({"repository": "a\n"}, {"repository": "b"}, False)  # noqa: FBT003 - an example is given by position
def test_edited_values(old: dict[str, object], new: dict[str, object], flow: bool) -> None:
    """Whatever values there were: those that are wanted, and the comments; or a refusal to edit, of lists alone."""
    text = "# ours\n" + yaml.safe_dump(old, default_flow_style=flow)
    edited = with_values(text, old, {**old, **new})
    assert edited is None or yaml.safe_load(edited) == {**old, **new}
    assert edited is None or edited.startswith("# ours\n")
    texts_alone = all(isinstance(old[key], str) for key in new if key in old)
    assert edited is not None or flow or not old or not texts_alone


@settings(max_examples=80, deadline=None, derandomize=True)
@given(NESTED, NESTED)
def test_edited_environments(old: dict[str, object], new: dict[str, object]) -> None:
    """Environments that come, go and change are written in place: those that stay keep their comments."""
    text = "# ours\n" + yaml.safe_dump({"environments": old, "last": 1}, sort_keys=False)
    for name in old:
        text = text.replace(f"  {name}:", f"  # of {name}\n  {name}:")
    edited = with_values(text, {"environments": old, "last": 1}, {"environments": new, "last": 1})
    assert edited is not None
    assert yaml.safe_load(edited) == {"environments": new, "last": 1}
    assert {name for name in old if f"# of {name}\n" in edited} == old.keys() & new.keys()

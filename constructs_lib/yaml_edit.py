"""Changing values in a YAML file that people have written, without losing their comments."""

from collections.abc import Mapping
from typing import Any

import yaml

from constructs_lib.yaml_loader import load_all


def with_values(text: str, old: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    """The text of the mapping `old` with the values of `wanted`; None where that cannot be written into it.

    A value is written in place of its old one, and a new key at the end. The result is read again: what anchors or one
    line for everything do not allow is seen then.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    edited = text
    for key, value in reversed(node.value if isinstance(node, yaml.MappingNode) else []):
        if key.value in wanted and wanted[key.value] != old.get(key.value):
            replaced = text[value.start_mark.index : value.end_mark.index]
            space = replaced[len(replaced.rstrip()) :]
            edited = (
                edited[: value.start_mark.index] + _flow(wanted[key.value]) + space + edited[value.end_mark.index :]
            )
    missing = {key: value for key, value in wanted.items() if key not in old}
    if missing:
        edited = edited.rstrip("\n") + "\n" + yaml.safe_dump(missing, sort_keys=False)
    try:
        return edited if load_all(edited) == [wanted] else None
    except yaml.YAMLError:
        return None


def _flow(value: Any) -> str:
    """The value in one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=2**16).removesuffix("...\n").strip()

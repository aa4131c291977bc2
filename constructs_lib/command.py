"""The name of the command, for messages that tell people what to run."""

COMMAND = "chatdb"
SETTINGS = f"{COMMAND}.yaml"
"""The settings file."""
SYNTH = f"run `{COMMAND} synth`"
"""How generated files that are stale are fixed."""

"""What is wrong with a catalogue: every problem at once, before anything is built."""

from constructs_lib.resolve.problems.run import problems, problems_of_entries, problems_of_platform

__all__ = ["problems", "problems_of_entries", "problems_of_platform"]

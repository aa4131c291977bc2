"""The tests themselves; pytest.ini beside them says how they are run."""

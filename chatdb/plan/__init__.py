"""What a change of the repository does to an environment: objects, fields, and the risks of the change."""

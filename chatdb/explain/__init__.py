"""What is derived from an entry of the catalogue, and where it is in the repository's files."""

"""The command `chatdb`, and everything that acts on a repository or on a running platform."""

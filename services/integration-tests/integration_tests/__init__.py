"""The tests of a running platform, from a pod inside it: what may be reached, what may not, and a user's journey."""

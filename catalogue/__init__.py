"""ChatDB as data: each component is described in one place, and everything else is derived from it."""

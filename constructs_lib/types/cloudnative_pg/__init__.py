"""PostgreSQL as CloudNativePG runs it."""

"""The Job that creates PostgreSQL schemas, roles and tables."""

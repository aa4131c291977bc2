"""The public entry point."""

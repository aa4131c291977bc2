"""Rules over the rendered manifests: each has an id, a reason, and says how to fix what it finds."""

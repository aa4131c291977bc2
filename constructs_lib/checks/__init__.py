"""Rules over the rendered manifests: each has an id, a reason, and says how to mend what it finds."""

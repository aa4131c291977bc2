"""The one use case, behind both doors."""

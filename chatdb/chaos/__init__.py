"""Experiments on a running local platform: what breaks, who should notice, and whether all comes back."""

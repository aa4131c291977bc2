"""An HTTP service that is built from this repository."""

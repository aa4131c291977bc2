"""What needs a real node, and the machine for itself: `make node-test`."""

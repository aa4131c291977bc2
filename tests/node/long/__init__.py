"""What needs more than `make setup-node` builds: `make gateway-test`."""

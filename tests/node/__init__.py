"""A real Kubernetes node from packages, in namespaces of its own: docs/real-node.md."""

"""Images that are built from this repository: what goes in, who builds them, and the tags that they get."""

BUILDERS = ("minikube", "docker", "buildah")
"""Who can build, in the order in which they are asked: what minikube builds is where it runs."""
PUSHERS = ("docker", "buildah")
"""Who of them can push; what minikube builds stays inside of it."""

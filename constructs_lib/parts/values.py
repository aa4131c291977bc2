"""Values that live in Node: to make one is a message to it and back, so each is made once."""

from functools import cache

from cdk8s_plus_32 import k8s


@cache
def quantity(text: str) -> k8s.Quantity:
    """A Kubernetes quantity such as 250m or 512Mi."""
    return k8s.Quantity.from_string(text)


@cache
def number(value: int) -> k8s.IntOrString:
    """A number where Kubernetes also takes a name or a percentage."""
    return k8s.IntOrString.from_number(value)

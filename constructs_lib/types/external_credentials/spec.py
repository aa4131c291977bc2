"""What a component of type external-credentials is."""

from constructs_lib.component_type import ComponentType


class ExternalCredentials(ComponentType):
    """Others make every Secret of the plan, before anything needs it; nothing is rendered."""

    name = "external-credentials"
    stands_in_for = "credentials"
    takes = frozenset()
    pods = False
    rendered = False
    single = True
    makes = "secrets"


TYPE = ExternalCredentials()

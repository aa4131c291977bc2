"""What docs/security.md says of least privilege."""

from constructs_lib.bucket_policies import actions
from constructs_lib.resolved import ResolvedPlatform


def buckets(platform: ResolvedPlatform) -> str:
    """One row for each bucket that a component uses."""
    rows = [
        f"| {component.name} | {access.bucket} | {'reads and writes' if access.write else 'reads'} "
        f"| {', '.join(name.removeprefix('s3:') for name in actions(access))} |"
        for component in platform.catalogue.components
        for access in component.buckets
    ]
    return "\n".join(["| component | bucket | it | actions of S3 |", "|---|---|---|---|", *rows])

"""Pod Security "restricted": the only place where its fields are written."""

from cdk8s_plus_32 import k8s


def pod_security(uid: int) -> k8s.PodSecurityContext:
    """Never root; volumes belong to the user's group."""
    return k8s.PodSecurityContext(
        run_as_non_root=True,
        run_as_user=uid,
        run_as_group=uid,
        fs_group=uid,
        # Without it every start changes the owner of every file on the volume.
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault"),
    )


def container_security() -> k8s.SecurityContext:
    """No capability, no way to gain one, and a root file system that cannot be written."""
    return k8s.SecurityContext(
        allow_privilege_escalation=False,
        read_only_root_filesystem=True,
        run_as_non_root=True,
        capabilities=k8s.Capabilities(drop=["ALL"]),
        seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault"),
    )

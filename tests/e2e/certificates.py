"""What the parts of a control plane prove who they are with; made anew for each cluster, and good for nothing else."""

from collections.abc import Mapping
from pathlib import Path

import trustme
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

NAMES = ("localhost", "127.0.0.1", "10.96.0.1", "kubernetes.default.svc")
USERS = {
    "admin": ("admin", "system:masters"),
    "kcm": ("system:kube-controller-manager", None),
    "scheduler": ("system:kube-scheduler", None),
}
"""File name -> common name and organisation, which are a user's name and group to Kubernetes."""


def write_certificates(
    folder: Path, names: tuple[str, ...] = NAMES, users: Mapping[str, tuple[str, str | None]] = USERS
) -> None:
    """The authority, the server's certificate, one for each user, and the key that signs service account tokens."""
    folder.mkdir(mode=0o700)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.crt")
    _write(folder, "server", authority.issue_cert(*names, common_name="kube-apiserver"))
    for file, (name, group) in users.items():
        made = authority.issue_cert(f"{file}@test.invalid", common_name=name, organization_name=group)
        _write(folder, file, made)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "sa.key").write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / "sa.pub").write_bytes(key.public_key().public_bytes(pem, public))


def _write(folder: Path, name: str, made: trustme.LeafCert) -> None:
    made.private_key_pem.write_to_path(folder / f"{name}.key")
    (folder / f"{name}.crt").write_bytes(b"".join(part.bytes() for part in made.cert_chain_pems))


def write_kubeconfig(path: Path, server: str, certificates: Path, user: str, namespace: str) -> None:
    """How that user finds the server; the files stay where they are."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "test", "cluster": {"server": server, "certificate-authority": str(certificates / "ca.crt")}}
        ],
        "users": [
            {
                "name": user,
                "user": {
                    "client-certificate": str(certificates / f"{user}.crt"),
                    "client-key": str(certificates / f"{user}.key"),
                },
            }
        ],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": user, "namespace": namespace}}],
        "current-context": "test",
    }
    path.write_text(yaml.safe_dump(config), encoding="utf-8")

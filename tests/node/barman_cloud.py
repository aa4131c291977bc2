"""CloudNativePG's plugin barman-cloud from its Go module, as our Application renders it, without cert-manager."""

import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import PathDistribution
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from catalogue.operators import BARMAN_CLOUD, CERT_MANAGER
from chatdb.local.processes import wait_for
from constructs_lib.kustomize import kustomize
from constructs_lib.pods import api_group
from tests.e2e.api import Manifest
from tests.node.cloudnative_pg import ACCOUNTS, FIRST, NAMESPACE, UID
from tests.node.images import PATHS, Images, named
from tests.node.node import PAUSE, SECONDS, Node
from tests.node.oci import Entry, File, Settings
from tests.repository import ROOT

BUILT = ROOT / ".tools/node/barman-cloud"
LOCK = ROOT / "requirements/barman.lock"
NAME = BARMAN_CLOUD.node.name
SIGNED = "cert-manager.io"
PACKAGES = "opt/barman"
SCRIPT = "#!/usr/bin/python3\nimport sys\nsys.path.insert(0, '/{}')\nfrom {} import {} as main\nsys.exit(main())\n"


def manifests() -> list[Manifest]:
    """What Argo CD makes of the Application's source, and Secrets in place of the objects of cert-manager."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(BUILT / "etc", folder, dirs_exist_ok=True)
        source = Path(folder, BARMAN_CLOUD.source["path"])
        path = source / "kustomization.yaml"
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        path.write_text(yaml.safe_dump(content | options(BARMAN_CLOUD.source["kustomize"])), encoding="utf-8")
        made = kustomize(Path(folder), source, ROOT)
    signed = [one for one in made if api_group(one) == SIGNED]
    others = [one for one in made if one not in signed]
    secrets = [secret(one) for one in signed if one["kind"] == "Certificate"]
    return [*sorted(others, key=lambda one: one["kind"] not in FIRST), *secrets]


def options(kustomization: Mapping[str, list[Manifest] | list[str]]) -> Manifest:
    """Argo CD's settings of Kustomize as a kustomization has them: an image that it names already is another one."""
    parts = [re.split("[=:]", str(one)) for one in kustomization["images"]]
    images = [{"name": name, "newName": new, "newTag": tag} for name, new, tag in parts]
    return {"images": images, "patches": kustomization["patches"]}


def secret(certificate: Manifest) -> Manifest:
    """The Secret that cert-manager would make of a Certificate whose Issuer has it signed by its own key.

    By the plugin each side is given the other's certificate as the authority that it trusts.
    """
    spec = certificate["spec"]
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, spec["commonName"])])
    names = [x509.DNSName(name) for name in spec.get("dnsNames", [spec["commonName"]])]
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    files = {
        "tls.crt": builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM),
        "tls.key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }
    metadata = {"name": spec["secretName"], "namespace": certificate["metadata"]["namespace"]}
    data = {name: b64encode(content).decode() for name, content in files.items()}
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": data}


def make_images(images: Images, made: Iterable[Manifest]) -> list[str]:
    """Make the images that the plugin's manifests name: its own, and that of each instance's container; their names."""
    (deployment,) = [one for one in made if one["kind"] == "Deployment"]
    (plugin,) = named([deployment])
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (sidecar,) = [one["value"] for one in container["env"] if one["name"] == "SIDECAR_IMAGE"]
    manager = File(BUILT / "bin/plugin-barman-cloud", 0o755)
    images.layout.add(plugin, [images.layout.layer({"manager": manager})], Settings(("/manager",), user="10001"))
    entries: dict[str, Entry] = {
        **ACCOUNTS,
        "manager": manager,
        **barman(images.folder / "barman"),
    }
    env_vars = {"PATH": PATHS, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    layers = [*images.python(), images.layout.layer(entries)]
    images.layout.add(sidecar, layers, Settings(("/manager",), user=str(UID), env_vars=env_vars))
    return [plugin, sidecar]


def barman(packages: Path) -> dict[str, Entry]:
    """Barman's commands and its packages, which are installed into the folder where they are not as the lock says."""
    if not packages.exists() or packages.stat().st_mtime < LOCK.stat().st_mtime:
        shutil.rmtree(packages, ignore_errors=True)
        line = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(LOCK)]
        wheels = ["--python-version=3.13", "--only-binary=:all:", "--no-compile", f"--target={packages}"]
        subprocess.run([*line, *wheels], check=True)
    (information,) = packages.glob("barman-*.dist-info")
    commands = PathDistribution(information).entry_points.select(group="console_scripts")
    scripts = {f"usr/local/bin/{one.name}": SCRIPT.format(PACKAGES, one.module, one.attr) for one in commands}
    return {PACKAGES: File(packages), **{name: File(text, 0o755) for name, text in scripts.items()}}


def cert_manager() -> list[Manifest]:
    """A pod that does nothing in place of cert-manager's, which `chatdb deploy` asks for."""
    node = CERT_MANAGER.node
    metadata = {"name": node.name, "namespace": node.namespace, "labels": dict(node.pod_labels)}
    pod = {"containers": [{"name": "standin", "image": PAUSE}]}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": node.namespace}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod},
    ]


def install(node: Node) -> None:
    """Have the plugin run, beside the operator."""
    images, made = Images(), manifests()
    names = make_images(images, made)
    node.take_images(images.layout, dict(zip(names, names, strict=True)))
    for manifest in (*cert_manager(), *made):
        node.api.apply(manifest)
    wait_for("the plugin barman-cloud runs", SECONDS, partial(node.deployed, NAMESPACE, NAME))

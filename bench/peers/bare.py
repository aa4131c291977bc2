"""The platform in plain cdk8s, as it is written by hand: typed objects in a loop, one chart for each service.

Usage: bare.py DESCRIPTION OUT
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cdk8s import App, Chart, YamlOutputType
from cdk8s_plus_32 import k8s
from constructs import Construct

PART_OF = {"app.kubernetes.io/part-of": "chatdb"}
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
POD_SECURITY = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
KEEP = {
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
}
USER = 10001


class ServiceChart(Chart):
    """All objects of one service."""

    def __init__(self, scope: Construct, service: dict[str, Any]) -> None:
        """Build them."""
        super().__init__(scope, service["name"])
        self.name = service["name"]
        self.selector = {"app": self.name}
        self.app_labels = {**self.selector, "component": service["tier"], **PART_OF}
        self.metadata = k8s.ObjectMeta(name=self.name, namespace=service["namespace"], labels=self.app_labels)
        self.config_map(service)
        self.deployment(service)
        self.service(service)
        for provider in service["needs"]:
            self.policies(service, provider)
        if service["replicas"] > 1:
            self.budget()

    def config_map(self, service: dict[str, Any]) -> None:
        """What the service is told."""
        metadata = k8s.ObjectMeta(name=f"{self.name}-config", namespace=service["namespace"], labels=self.app_labels)
        k8s.KubeConfigMap(self, "config", metadata=metadata, data=service["settings"])

    def deployment(self, service: dict[str, Any]) -> None:
        """The pods; a change of the settings replaces them."""
        template = k8s.PodTemplateSpec(
            metadata=k8s.ObjectMeta(
                labels={**self.app_labels, "version": "v1"},
                annotations={
                    "chatdb.io/config-checksum": checksum(service),
                    "prometheus.io/scrape": "true",
                    "prometheus.io/path": "/metrics",
                    "prometheus.io/port": str(service["port"]),
                },
            ),
            spec=self.pod(service),
        )
        k8s.KubeDeployment(
            self,
            "deployment",
            metadata=self.metadata,
            spec=k8s.DeploymentSpec(
                replicas=service["replicas"],
                revision_history_limit=3,
                selector=k8s.LabelSelector(match_labels=self.selector),
                strategy=k8s.DeploymentStrategy(type="RollingUpdate"),
                template=template,
            ),
        )

    def pod(self, service: dict[str, Any]) -> k8s.PodSpec:
        """One container in a restricted pod."""
        spread = k8s.TopologySpreadConstraint(
            max_skew=1,
            topology_key="kubernetes.io/hostname",
            when_unsatisfiable="ScheduleAnyway",
            label_selector=k8s.LabelSelector(match_labels=self.selector),
        )
        size = k8s.Quantity.from_string("64Mi")
        return k8s.PodSpec(
            containers=[self.container(service)],
            volumes=[k8s.Volume(name="tmp", empty_dir=k8s.EmptyDirVolumeSource(size_limit=size))],
            security_context=k8s.PodSecurityContext(
                run_as_non_root=True,
                run_as_user=USER,
                run_as_group=USER,
                fs_group=USER,
                fs_group_change_policy="OnRootMismatch",
                seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault"),
            ),
            automount_service_account_token=False,
            enable_service_links=False,
            termination_grace_period_seconds=30,
            topology_spread_constraints=[spread] if service["replicas"] > 1 else None,
        )

    def container(self, service: dict[str, Any]) -> k8s.Container:
        """The service itself."""
        port = service["port"]
        drain = k8s.LifecycleHandler(exec=k8s.ExecAction(command=["sleep", "5"]))
        return k8s.Container(
            name=self.name,
            image=service["image"],
            image_pull_policy="IfNotPresent",
            ports=[k8s.ContainerPort(name="http", container_port=port)],
            env_from=[k8s.EnvFromSource(config_map_ref=k8s.ConfigMapEnvSource(name=f"{self.name}-config"))],
            resources=k8s.ResourceRequirements(
                requests={
                    "cpu": k8s.Quantity.from_string("50m"),
                    "memory": k8s.Quantity.from_string("64Mi"),
                    "ephemeral-storage": k8s.Quantity.from_string("10Mi"),
                },
                limits={
                    "cpu": k8s.Quantity.from_string("200m"),
                    "memory": k8s.Quantity.from_string("128Mi"),
                    "ephemeral-storage": k8s.Quantity.from_string("114Mi"),
                },
            ),
            liveness_probe=probe("/health", port, initial_delay_seconds=30, period_seconds=10, failure_threshold=3),
            readiness_probe=probe("/ready", port, initial_delay_seconds=10, period_seconds=5, failure_threshold=3),
            startup_probe=probe("/health", port, period_seconds=5, failure_threshold=30),
            lifecycle=k8s.Lifecycle(pre_stop=drain),
            volume_mounts=[k8s.VolumeMount(name="tmp", mount_path="/tmp")],
            security_context=k8s.SecurityContext(
                allow_privilege_escalation=False,
                read_only_root_filesystem=True,
                run_as_non_root=True,
                capabilities=k8s.Capabilities(drop=["ALL"]),
                seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault"),
            ),
        )

    def service(self, service: dict[str, Any]) -> None:
        """Its name in the cluster."""
        target = k8s.IntOrString.from_number(service["port"])
        port = k8s.ServicePort(name="http", port=service["port"], target_port=target, protocol="TCP")
        spec = k8s.ServiceSpec(type="ClusterIP", selector=self.selector, ports=[port])
        k8s.KubeService(self, "service", metadata=self.metadata, spec=spec)

    def policies(self, service: dict[str, Any], provider: dict[str, Any]) -> None:
        """Both sides of one edge."""
        namespace, other = service["namespace"], provider["name"]
        ports = [k8s.NetworkPolicyPort(protocol="TCP", port=k8s.IntOrString.from_number(provider["port"]))]
        labels = {**PART_OF, "chatdb.io/owner": self.name}
        k8s.KubeNetworkPolicy(
            self,
            f"to-{other}",
            metadata=k8s.ObjectMeta(name=f"{self.name}-to-{other}", namespace=namespace, labels=labels),
            spec=k8s.NetworkPolicySpec(
                pod_selector=k8s.LabelSelector(match_labels=self.selector),
                policy_types=["Egress"],
                egress=[k8s.NetworkPolicyEgressRule(to=[peer(namespace, {"app": other})], ports=ports)],
            ),
        )
        k8s.KubeNetworkPolicy(
            self,
            f"from-{other}",
            metadata=k8s.ObjectMeta(name=f"{other}-from-{self.name}", namespace=namespace, labels=labels),
            spec=k8s.NetworkPolicySpec(
                pod_selector=k8s.LabelSelector(match_labels={"app": other}),
                policy_types=["Ingress"],
                ingress=[k8s.NetworkPolicyIngressRule(from_=[peer(namespace, self.selector)], ports=ports)],
            ),
        )

    def budget(self) -> None:
        """One pod at a time."""
        spec = k8s.PodDisruptionBudgetSpec(
            max_unavailable=k8s.IntOrString.from_number(1), selector=k8s.LabelSelector(match_labels=self.selector)
        )
        k8s.KubePodDisruptionBudget(self, "budget", metadata=self.metadata, spec=spec)


class NamespacesChart(Chart):
    """The namespaces, with quota, limits and closed doors."""

    def __init__(self, scope: Construct, namespaces: list[dict[str, Any]]) -> None:
        """Build them."""
        super().__init__(scope, "namespaces")
        for namespace in namespaces:
            self.begin(namespace["name"])
            self.quota(namespace["name"], namespace["quota"])
            self.closed_doors(namespace["name"])

    def begin(self, name: str) -> None:
        """The namespace, and the limits of what names none."""
        labels = {"name": name, **PART_OF, **POD_SECURITY}
        k8s.KubeNamespace(self, name, metadata=k8s.ObjectMeta(name=name, labels=labels, annotations=KEEP))
        quantity = k8s.Quantity.from_string
        item = k8s.LimitRangeItem(
            type="Container",
            default_request={
                "cpu": quantity("50m"),
                "memory": quantity("64Mi"),
                "ephemeral-storage": quantity("10Mi"),
            },
            default={"cpu": quantity("200m"), "memory": quantity("128Mi"), "ephemeral-storage": quantity("128Mi")},
        )
        metadata = k8s.ObjectMeta(name="limits", namespace=name, labels=PART_OF)
        k8s.KubeLimitRange(self, f"{name}-limits", metadata=metadata, spec=k8s.LimitRangeSpec(limits=[item]))

    def quota(self, name: str, hard: dict[str, str]) -> None:
        """What all pods together may ask for."""
        k8s.KubeResourceQuota(
            self,
            f"{name}-quota",
            metadata=k8s.ObjectMeta(name="quota", namespace=name, labels=PART_OF),
            spec=k8s.ResourceQuotaSpec(hard={key: k8s.Quantity.from_string(value) for key, value in hard.items()}),
        )

    def closed_doors(self, name: str) -> None:
        """Nothing in, nothing out, but questions to DNS."""
        k8s.KubeNetworkPolicy(
            self,
            f"{name}-default-deny",
            metadata=k8s.ObjectMeta(name="default-deny", namespace=name, labels=PART_OF),
            spec=k8s.NetworkPolicySpec(pod_selector=k8s.LabelSelector(), policy_types=["Ingress", "Egress"]),
        )
        dns = k8s.NetworkPolicyEgressRule(
            to=[peer("kube-system", {"k8s-app": "kube-dns"})],
            ports=[
                k8s.NetworkPolicyPort(protocol=protocol, port=k8s.IntOrString.from_number(53))
                for protocol in ("UDP", "TCP")
            ],
        )
        k8s.KubeNetworkPolicy(
            self,
            f"{name}-allow-dns",
            metadata=k8s.ObjectMeta(name="allow-dns", namespace=name, labels=PART_OF),
            spec=k8s.NetworkPolicySpec(pod_selector=k8s.LabelSelector(), policy_types=["Egress"], egress=[dns]),
        )


def peer(namespace: str, labels: dict[str, str]) -> k8s.NetworkPolicyPeer:
    """Pods of a namespace."""
    return k8s.NetworkPolicyPeer(
        namespace_selector=k8s.LabelSelector(match_labels={NAMESPACE_LABEL: namespace}),
        pod_selector=k8s.LabelSelector(match_labels=labels),
    )


def probe(path: str, port: int, **times: Any) -> k8s.Probe:
    """An HTTP probe."""
    action = k8s.HttpGetAction(path=path, port=k8s.IntOrString.from_number(port))
    return k8s.Probe(http_get=action, timeout_seconds=3, **times)


def checksum(service: dict[str, Any]) -> str:
    """It changes with the settings."""
    data = {f"{service['name']}-config": service["settings"]}
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def main(description: Path, out: Path) -> None:
    """One app, one file for each chart."""
    platform = json.loads(description.read_text(encoding="utf-8"))
    app = App(outdir=str(out), yaml_output_type=YamlOutputType.FILE_PER_CHART)
    NamespacesChart(app, platform["namespaces"])
    for service in platform["services"]:
        ServiceChart(app, service)
    app.synth()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

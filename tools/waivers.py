"""What the scanners of `make scores` complain about and we keep, each with its reason."""

from dataclasses import dataclass

KUBE_SCORE = "kube-score"
CHECKOV = "checkov"


@dataclass(frozen=True, slots=True)
class Waiver:
    """Complaints that are accepted: by whom, its check's id, about which objects (`*` stands for anything), and why."""

    scanner: str
    check: str
    objects: tuple[str, ...]
    reason: str


EVERYTHING = ("*",)
FOREIGN_UID = "the image's own user: its files, or the data of an earlier start, belong to it"
FOREIGN_UID_OBJECTS = (
    "Deployment chatdb-monitoring/grafana",
    "Deployment chatdb-testing/locust-*",
    "Job chatdb-system/kafka-topics-*",
    "Job chatdb-system/postgres-schema-*",
    "StatefulSet chatdb-system/kafka",
    "StatefulSet chatdb-system/postgres",
)
NO_PORT = "a worker listens on no port; it ends by itself when it loses its master, and is then restarted"
PULL = (
    "images that were built on the machine are in no registry, so that Always fails for them; every tag is a version, "
    "and a restart must not wait for a registry"
)

WAIVERS = (
    Waiver(KUBE_SCORE, "container-image-pull-policy", EVERYTHING, PULL),
    Waiver(KUBE_SCORE, "container-security-context-user-group-id", FOREIGN_UID_OBJECTS, FOREIGN_UID),
    Waiver(
        KUBE_SCORE,
        "pod-probes-identical",
        ("StatefulSet chatdb-system/kafka", "Deployment chatdb-system/minio"),
        "Kafka answers no HTTP, and its tools start a JVM for each question; Versity S3 Gateway has one path for its "
        "health. Liveness waits three times as long as readiness: traffic ends well before a restart",
    ),
    Waiver(
        KUBE_SCORE,
        "deployment-replicas",
        ("Deployment chatdb-services/*", "Deployment chatdb-monitoring/*", "Deployment chatdb-testing/locust-master"),
        "minikube is one node with 4 CPU: a second replica would die with the first, and not fit; "
        "the base has two of each service that the specification wants twice",
    ),
    Waiver(
        KUBE_SCORE,
        "deployment-replicas",
        ("Deployment chatdb-system/minio",),
        "two servers on one volume would destroy its data",
    ),
    Waiver(
        KUBE_SCORE,
        "deployment-has-host-podantiaffinity",
        ("Deployment chatdb-services/*",),
        "a topology spread constraint keeps replicas apart, and lets a node take more when others are away",
    ),
    Waiver(
        KUBE_SCORE,
        "statefulset-has-host-podantiaffinity",
        ("StatefulSet chatdb-system/kafka",),
        "a topology spread constraint keeps brokers apart, and lets a node take more when others are away",
    ),
    Waiver(
        KUBE_SCORE,
        "horizontalpodautoscaler-replicas",
        ("HorizontalPodAutoscaler chatdb-services/ml-engine",),
        "jobs wait in Kafka while its only pod is replaced, and a second one would idle for most of the day",
    ),
    Waiver(
        KUBE_SCORE,
        "networkpolicy-targets-pod",
        ("NetworkPolicy chatdb-system/postgres-*",),
        "an operator makes the pods, so that no manifest has their labels; `chatdb check` knows them",
    ),
    Waiver(
        KUBE_SCORE,
        "networkpolicy-targets-pod",
        ("NetworkPolicy chatdb-testing/*",),
        "the namespace is closed also where the tier testing is left out, and no pod is there",
    ),
    Waiver(
        KUBE_SCORE,
        "service-targets-pod",
        ("Service chatdb-system/postgres",),
        "an operator makes the pods, so that no manifest has their labels; `chatdb check` knows them",
    ),
    Waiver(
        KUBE_SCORE,
        "deployment-strategy",
        ("Deployment chatdb-system/minio", "Deployment chatdb-monitoring/prometheus"),
        "one volume takes one writer: the old pod has to stop before the new one starts",
    ),
    Waiver(
        KUBE_SCORE,
        "deployment-strategy",
        ("Deployment chatdb-monitoring/jaeger", "Deployment chatdb-testing/locust-master"),
        "its state is in its memory: with two pods, clients would see either half",
    ),
    Waiver(CHECKOV, "CKV_K8S_15", EVERYTHING, PULL),
    Waiver(
        CHECKOV,
        "CKV_K8S_43",
        EVERYTHING,
        "a digest is known to the registry alone, and none is invented here; Renovate adds them (catalogue/images.py)",
    ),
    Waiver(
        CHECKOV,
        "CKV_K8S_35",
        EVERYTHING,
        "the specification names the variables, and the clients' libraries read them; who could read them in a "
        "running container could read its files as well",
    ),
    Waiver(CHECKOV, "CKV_K8S_40", FOREIGN_UID_OBJECTS, FOREIGN_UID),
    Waiver(
        CHECKOV,
        "CKV_K8S_38",
        (
            "Deployment chatdb-monitoring/prometheus",
            "Deployment chatdb-testing/chaos",
            "Job chatdb-system/credentials-*",
        ),
        "it works with the Kubernetes API, by a Role that names what it may do",
    ),
    Waiver(CHECKOV, "CKV_K8S_8", ("Deployment chatdb-testing/locust-worker",), NO_PORT),
    Waiver(CHECKOV, "CKV_K8S_9", ("Deployment chatdb-testing/locust-worker",), NO_PORT),
)

"""Changes from real life, each with the rules of `chatdb plan` that have to find something in it."""

import json

from tests.e2e.plan_case import (
    CLAIM,
    DIGEST,
    ENGINE,
    FIRST,
    KAFKA,
    MINIO,
    PARSER,
    PARSER_CONFIG,
    PINNED,
    POD,
    POLICY,
    POSTGRES,
    PROMETHEUS,
    SERVICE,
    STORAGE,
    TEMPLATE_STORAGE,
    TESTS,
    Case,
    manifests,
)
from tests.e2e.plan_edits import Edit, append, create, drop, merge, put, remove, turn
from tests.e2e.plan_generated_cases import GENERATED


def _without_key(plan: str) -> str:
    """The plan of the Job that makes Secrets, without the password of PostgreSQL."""
    content = json.loads(plan)
    for secret in content["secrets"]:
        secret.get("origin", {}).pop("POSTGRES_PASSWORD", None)
    return json.dumps(content)


CRON_JOB = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "nightly", "namespace": "chatdb-services"},
    "spec": {
        "schedule": "0 3 * * *",
        "jobTemplate": {
            "spec": {
                "template": {
                    "spec": {
                        "restartPolicy": "Never",
                        "containers": [{"name": "report", "image": "python:3.13.9-slim"}],
                    }
                }
            }
        },
    },
}
ROOMY = tuple(
    put("ResourceQuota/chatdb-monitoring/quota", f"/spec/hard/{name}", "20")
    for name in ("limits.cpu", "pods", "requests.cpu")
) + tuple(
    put("ResourceQuota/chatdb-monitoring/quota", f"/spec/hard/{name}", "9Gi")
    for name in ("limits.memory", "requests.memory")
)
"""A quota that leaves room for a pod beside each."""
MANIFESTS: tuple[Case, ...] = (
    # Nothing changes.
    manifests(
        "units",
        put(PARSER, f"{FIRST}/resources/limits/cpu", "0.5"),
        put(PARSER, f"{FIRST}/resources/limits/memory", "0.5Gi"),
        put(ENGINE, f"{FIRST}/resources/limits/cpu", 1),
        put(ENGINE, f"{FIRST}/resources/limits/memory", "1024Mi"),
        put(POSTGRES, TEMPLATE_STORAGE, "2048Mi"),
    ),
    manifests(
        "defaults-written-out",
        merge(PARSER, POD, restartPolicy="Always", dnsPolicy="ClusterFirst", schedulerName="default-scheduler"),
        merge(PARSER, f"{FIRST}/livenessProbe", successThreshold=1),
        merge(PARSER, f"{FIRST}/livenessProbe/httpGet", scheme="HTTP"),
        merge(PARSER, FIRST, terminationMessagePath="/dev/termination-log", terminationMessagePolicy="File"),
        merge(PARSER, "/spec", progressDeadlineSeconds=600),
        put(SERVICE, "/spec/sessionAffinity", "None"),
        put(SERVICE, "/spec/type", "ClusterIP"),
    ),
    manifests(
        "defaults-left-out",
        drop(PARSER, f"{FIRST}/imagePullPolicy"),
        drop(PARSER, f"{FIRST}/livenessProbe/periodSeconds"),
        drop(PARSER, "/spec/replicas"),
        drop(POSTGRES, "/spec/template/spec/containers/0/readinessProbe/failureThreshold"),
        drop(CLAIM, "/spec/volumeMode"),
    ),
    manifests(
        "empty-values-written-out",
        merge(PARSER, POD, hostNetwork=False),
        merge(PARSER, FIRST, stdin=False, tty=False),
        merge(PARSER, f"{FIRST}/volumeMounts/0", readOnly=False, subPath=""),
    ),
    manifests("service-account-left-out", drop(PROMETHEUS, f"{POD}/serviceAccountName")),
    # Written, and nothing follows from it.
    manifests(
        "units-of-another-family",
        put(PARSER, f"{FIRST}/resources/limits/memory", "536870912"),
        put(POSTGRES, TEMPLATE_STORAGE, "2147483648"),
    ),
    manifests("labels", merge(PARSER, "/metadata/labels", team="search")),
    manifests("annotations", merge(PARSER, "/metadata", annotations={"example.com/owner": "search"})),
    manifests("history", put(KAFKA, "/spec/revisionHistoryLimit", 5)),
    manifests("service-port-name", put(SERVICE, "/spec/ports/0/name", "web")),
    manifests(
        "disruption-budget",
        put("PodDisruptionBudget/query-parser", "/spec/minAvailable", "50%"),
        drop("PodDisruptionBudget/query-parser", "/spec/maxUnavailable"),
    ),
    manifests("cron-job", create(PARSER, CRON_JOB), rules="quota-exceeded"),
    manifests("route-added", turn("Ingress/chatdb-ingress", "/spec/rules/0/http/paths")),
    manifests("policy-rules-turned", turn(POLICY, "/spec/egress/0/ports")),
    manifests("paused-job", put(TESTS, "/spec/backoffLimit", 4)),
    # Pods are replaced.
    manifests(
        "units-of-another-family-in-a-stateful-set",
        put(POSTGRES, f"{FIRST}/resources/limits/memory", "536870912"),
        rules="pods-restart",
    ),
    manifests("image", put(PARSER, f"{FIRST}/image", "chatdb/query-parser:0.2.0"), rules="pods-restart"),
    manifests(
        "image-beside-the-old",
        put("Deployment/grafana", f"{FIRST}/image", "grafana/grafana:13.2.0"),
        before=(drop("Deployment/grafana", "/spec/strategy"), *ROOMY),
        rules="pods-restart",
    ),
    manifests(
        "two-pods",
        put("Deployment/grafana", f"{FIRST}/image", "grafana/grafana:13.2.0"),
        before=(put("Deployment/grafana", "/spec/replicas", 2), *ROOMY),
        rules="pods-restart",
    ),
    manifests(
        "image-older", put(PARSER, f"{FIRST}/image", "chatdb/query-parser:0.0.9"), rules="pods-restart image-downgraded"
    ),
    manifests(
        "image-latest",
        put(PARSER, f"{FIRST}/image", "chatdb/query-parser"),
        drop(PARSER, f"{FIRST}/imagePullPolicy"),
        rules="pods-restart",
        before=(drop(PARSER, f"{FIRST}/imagePullPolicy"),),
    ),
    manifests(
        "digest-for-tag", put(PARSER, f"{FIRST}/image", f"chatdb/query-parser:0.1.0{DIGEST}"), rules="pods-restart"
    ),
    manifests(
        "tag-for-digest",
        put(PARSER, f"{FIRST}/image", "chatdb/query-parser:0.1.0"),
        before=(put(PARSER, f"{FIRST}/image", f"chatdb/query-parser:0.1.0{DIGEST}"),),
        rules="pods-restart image-digest",
    ),
    manifests(
        "another-digest",
        put(PARSER, f"{FIRST}/image", f"chatdb/query-parser:0.1.0{DIGEST[:-1]}0"),
        before=(put(PARSER, f"{FIRST}/image", f"chatdb/query-parser:0.1.0{DIGEST}"),),
        rules="pods-restart image-digest",
    ),
    manifests(
        "env-added", append(PARSER, f"{FIRST}/env", {"name": "LOG_LEVEL", "value": "debug"}), rules="pods-restart"
    ),
    manifests(
        "env-from-secret",
        put(ENGINE, f"{FIRST}/env/0", {"name": "AWS_ACCESS_KEY_ID", "value": "fixed"}),
        rules="pods-restart",
    ),
    manifests("env-turned", turn(ENGINE, f"{FIRST}/env"), rules="pods-restart"),
    manifests("args-turned", turn(POSTGRES, f"{FIRST}/args"), rules="pods-restart"),
    manifests(
        "sidecar",
        Edit(PARSER, f"{POD}/containers", lambda old: [*old, {**old[0], "name": "sidecar", "ports": []}]),
        rules="pods-restart quota-exceeded",
    ),
    manifests(
        "sidecar-first",
        turn(PARSER, f"{POD}/containers"),
        before=(Edit(PARSER, f"{POD}/containers", lambda old: [*old, {**old[0], "name": "sidecar", "ports": []}]),),
        rules="pods-restart quota-exceeded",
    ),
    manifests("resources", put(PARSER, f"{FIRST}/resources/requests/memory", "256Mi"), rules="pods-restart"),
    manifests("probe-period", put(PARSER, f"{FIRST}/readinessProbe/periodSeconds", 7), rules="pods-restart"),
    manifests(
        "probe-over-tcp",
        drop(PARSER, f"{FIRST}/livenessProbe/httpGet"),
        merge(PARSER, f"{FIRST}/livenessProbe", tcpSocket={"port": 8002}),
        rules="pods-restart",
    ),
    manifests("pod-label", merge(PARSER, "/spec/template/metadata/labels", team="search"), rules="pods-restart"),
    manifests(
        "volume-of-secret",
        drop(POSTGRES, f"{POD}/volumes/0/configMap"),
        merge(POSTGRES, f"{POD}/volumes/0", secret={"secretName": "postgres-files"}),
        rules="pods-restart",
    ),
    manifests(
        "image-and-recreate",
        put(MINIO, f"{FIRST}/image", "minio/minio:RELEASE.2025-10-01T00-00-00Z"),
        rules="pods-restart",
    ),
    manifests(
        "node-id", put("ConfigMap/kafka-config", "/data/KAFKA_NODE_ID", "2"), rules="data-identity config-unread"
    ),
    manifests(
        "another-program", put(MINIO, f"{FIRST}/image", "chrislusf/seaweedfs:4.0"), rules="pods-restart engine-replaced"
    ),
    manifests(
        "claim-renamed",
        put(MINIO, f"{POD}/volumes/1/persistentVolumeClaim/claimName", "minio-data"),
        rules="pods-restart claim-renamed",
    ),
    manifests("mount-moved", put(MINIO, f"{FIRST}/volumeMounts/1/mountPath", "/srv"), rules="pods-restart mount-moved"),
    manifests("stopped", put(PARSER, "/spec/replicas", 0), rules="stopped"),
    # The server refuses it.
    manifests("volume-shrunk", put(CLAIM, STORAGE, "1Gi"), rules="claim-field"),
    manifests("access-mode", put(CLAIM, "/spec/accessModes", ["ReadWriteMany"]), rules="claim-field"),
    manifests("template-volume-grown", put(POSTGRES, TEMPLATE_STORAGE, "3Gi"), rules="statefulset-field"),
    manifests("service-name", put(POSTGRES, "/spec/serviceName", "database"), rules="statefulset-field"),
    manifests(
        "selector",
        put(PARSER, "/spec/selector/matchLabels/app", "parser"),
        put(PARSER, "/spec/template/metadata/labels/app", "parser"),
        rules="selector",
    ),
    manifests("headless", put(SERVICE, "/spec/clusterIP", "None"), rules="cluster-ip"),
    manifests(
        "role-of-binding", put("RoleBinding/chatdb-system/prometheus", "/roleRef/name", "chaos"), rules="role-ref"
    ),
    manifests("job-under-its-name", append(TESTS, f"{FIRST}/env", {"name": "A", "value": "b"}), rules="job-template"),
    manifests(
        "immutable-configuration",
        put(PARSER_CONFIG, "/data/LOG_LEVEL", "debug"),
        before=(merge(PARSER_CONFIG, "", immutable=True),),
        rules="immutable-data",
    ),
    manifests(
        "recreate",
        put(PARSER, "/spec/strategy", {"type": "Recreate"}),
        before=(drop(PARSER, "/spec/strategy"),),
        rules="update-strategy",
    ),
    manifests("on-delete", put(POSTGRES, "/spec/updateStrategy", {"type": "OnDelete"}), rules="update-strategy"),
    # The server takes it, and somebody should look.
    manifests("volume-grown", put(CLAIM, STORAGE, "11Gi"), rules="volume-grown"),
    manifests("configuration-alone", put(PARSER_CONFIG, "/data/LOG_LEVEL", "debug"), rules="config-unread"),
    manifests(
        "secret-key", Edit("ConfigMap/credentials-files", "/data/plan.json", _without_key), rules="secret-key-removed"
    ),
    manifests(
        "policy-opened",
        append(POLICY, "/spec/egress", {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}),
        rules="policy-opened",
    ),
    manifests("policy-closed", remove("NetworkPolicy/query-parser-to-kafka"), rules="policy-closed"),
    manifests("role-widened", append("Role/chatdb-system/chaos", "/rules/0/verbs", "create"), rules="rights-widened"),
    manifests(
        "role-given",
        append(
            "RoleBinding/chatdb-system/chaos",
            "/subjects",
            {"kind": "ServiceAccount", "name": "default", "namespace": "chatdb-testing"},
        ),
        rules="rights-given",
    ),
    manifests(
        "pod-security",
        put("Namespace/chatdb-testing", "/metadata/labels/pod-security.kubernetes.io~1enforce", "baseline"),
        rules="pod-security-lowered",
    ),
    manifests(
        "quota-too-small", put("ResourceQuota/chatdb-services/quota", "/spec/hard/pods", "1"), rules="quota-exceeded"
    ),
    manifests(
        "volume-removed",
        remove("PersistentVolumeClaim/prometheus"),
        before=(drop("PersistentVolumeClaim/prometheus", "/metadata/annotations"),),
        rules="volume-deleted",
    ),
    manifests("volume-no-longer-declared", remove("PersistentVolumeClaim/prometheus")),
    manifests("stateful-set-removed", remove(KAFKA), rules="statefulset-deleted"),
    manifests(
        "pinned",
        merge(PARSER, "/metadata/labels", team="search"),
        before=(put("Application/chatdb-processing", "/spec/source/targetRevision", PINNED),),
        rules="pinned",
    ),
)
CASES = (*MANIFESTS, *GENERATED)

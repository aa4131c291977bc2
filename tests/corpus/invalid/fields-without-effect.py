# rule: catalogue
# says: ingress: it is of type ingress, but has settings, which this type does not take; remove it, or use another type; ingress takes name, tier, type, namespace, after, labels
# says: ingress: it is of type ingress, but has image, which
# says: credentials: it is of type credentials, but has generated_secrets, which
# says: credentials: it is of type credentials, but has access, which
# says: kafka-topics: it is of type kafka-topics, but has ports, which
# says: kafka-topics: it is of type kafka-topics, but has metrics, which
# says: kafka-topics: it is of type kafka-topics, but has ready_without, which
# says: kafka: port 'kafka' has admin_env, which goes to whoever shares a secret, but generates none; write them into env
# says: dns: port 'dns' has credentials, which only components hand out; write what is no secret into env
# says: kubernetes-api: it has pod_labels, but no namespace; add the namespace of its pods
CATALOGUE = changed(CATALOGUE, "ingress", image="python", settings=env(X="1"))
ACCESS = (Access(namespace=Namespace.SYSTEM, resources=("pods",), verbs=("get",)),)
CATALOGUE = changed(CATALOGUE, "credentials", generated_secrets=env(OWN="password"), access=ACCESS)
CATALOGUE = changed(CATALOGUE, "kafka-topics", ports=(Port(name="http", number=80),), metrics="http", ready_without=("kafka",))
CATALOGUE = changed(CATALOGUE, "kafka", ports=(Port(name="kafka", number=9092, admin_env=env(X="1")),))
TOLD = {"dns": "ports", "kubernetes-api": "pod_labels"}
VALUES = {"ports": (Port(name="dns", number=53, credentials=env(X="1")),), "pod_labels": env(a="b")}
CATALOGUE = replace(
    CATALOGUE,
    externals=tuple(
        replace(one, **{TOLD[one.name]: VALUES[TOLD[one.name]]}) if one.name in TOLD else one for one in CATALOGUE.externals
    ),
)

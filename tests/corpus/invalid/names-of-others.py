# rule: catalogue
# says: components.py: default: every namespace has a service account of that name; choose another name
# says: components.py: public: its role public would be one of PostgreSQL's own; choose another name for the component
# says: topics.py: the topics a.b and a_b are one to Kafka; rename one of them
# says: topics.py: the topics queries.dlq and queries_dlq are one to Kafka
# says: topics.py: __own: topics of that kind are Kafka's own
# says: buckets.py: 192.168.0.1: is no name of a bucket
# says: components.py: the dashboard 'kafka' is derived; choose another name
# says: externals.py: 'Mail Server': 'Mail Server' is not a valid name: policies are named by it; use at most 52
# says: externals.py: 'Mail Server': 'mail_server' is not a valid namespace
# says: externals.py: 'Mail Server': 'a b' is no key of a label
# says: externals.py: 'Mail Server': 0 is no port
from constructs_lib.dashboards.panels import Dashboard  # noqa: E402
from constructs_lib.model import Bucket, External, Topic  # noqa: E402

CATALOGUE = added(
    CATALOGUE,
    toy(name="default", ports=(http("default", 8099),)),
    toy(
        name="public",
        ports=(http("public", 8098),),
        needs=(Dependency("postgres", "postgres"),),
        schema=Schema(name="open", migrations="services/model-registry/migrations"),
    ),
)
NAMES = ("a.b", "a_b", "queries_dlq", "__own")
CATALOGUE = replace(
    CATALOGUE,
    topics=(*CATALOGUE.topics, *(Topic(name=name, partitions=1, retention_ms=1) for name in NAMES)),
    buckets=(*CATALOGUE.buckets, Bucket(name="192.168.0.1")),
    dashboards=(*CATALOGUE.dashboards, Dashboard(name="kafka", title="mine", rows=())),
    externals=(
        *CATALOGUE.externals,
        External(
            name="Mail Server", namespace="mail_server", pod_labels=env(**{"a b": "c"}), ports=(Port(name="smtp", number=0),)
        ),
    ),
)

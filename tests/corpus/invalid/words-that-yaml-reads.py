# rule: catalogue
# says: components.py: true: the name 'true' is not text to YAML; choose another name: YAML reads it as a value
# says: components.py: toy: the port name 'y' is not text to YAML
# says: components.py: toy: the variable 'NO' is not text to YAML
# says: components.py: toy: the schema 'off' is not text to YAML
# says: components.py: minio: storage.claim 'null' is not text to YAML
# says: topics.py: 1e3: the topic '1e3' is not text to YAML
# says: topics.py: 2026-11-28: the topic '2026-11-28' is not text to YAML
# says: buckets.py: 123: the bucket '123' is not text to YAML
# says: buckets.py: 0x1f: the bucket '0x1f' is not text to YAML
POSTGRES = Dependency("postgres", "postgres")
CATALOGUE = added(
    CATALOGUE,
    toy(name="true", ports=(http("yes-man", 8099),)),
    toy(
        ports=(http("toy", 8099), Port(name="y", number=8100)),
        needs=(POSTGRES,),
        settings=env(NO="1"),
        schema=Schema(name="off", migrations="services/model-registry/migrations"),
    ),
)
CATALOGUE = changed(CATALOGUE, "minio", storage=Storage(claim="null", mount_path="/data", size="1Gi"))
from constructs_lib.model import Bucket, Topic  # noqa: E402

CATALOGUE = replace(
    CATALOGUE,
    topics=(*CATALOGUE.topics, *(Topic(name=name, partitions=1, retention_ms=1) for name in ("1e3", "2026-11-28"))),
    buckets=(*CATALOGUE.buckets, Bucket(name="123"), Bucket(name="0x1f")),
)

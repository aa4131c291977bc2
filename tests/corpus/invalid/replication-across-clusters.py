# rule: catalogue
# says: topics.py: toys: replication is 2; the number of brokers is 1: leave it out, or choose 1 to 1
from constructs_lib.model import Topic

KAFKA = replace(CATALOGUE.component("kafka"), name="kafka-2", storage=Storage(claim="d", mount_path="/d", size="1Mi"))
TOYS = Topic(name="toys", partitions=1, retention_ms=1, replication=2)
CATALOGUE = replace(added(CATALOGUE, KAFKA), topics=(*CATALOGUE.topics, TOYS))

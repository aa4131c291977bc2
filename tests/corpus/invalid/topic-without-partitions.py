# rule: catalogue
# says: topics.py: toys: partitions is 0; ask for 1 at least
# says: topics.py: toys: retention_ms is 0; write milliseconds, or -1 for ever
# says: topics.py: toys: replication is 3; the number of brokers is 1: leave it out, or choose 1 to 1
# file: catalogue/topics.py
TOPICS = (*TOPICS, Topic(name="toys", partitions=0, retention_ms=0, replication=3))

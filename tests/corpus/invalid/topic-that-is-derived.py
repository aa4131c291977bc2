# rule: catalogue
# says: topics.py: queries.dlq: dead-letter topics are derived; use a name without .dlq
# file: catalogue/topics.py
TOPICS = (*TOPICS, Topic(name="queries.dlq", partitions=1, retention_ms=DAY_MS))

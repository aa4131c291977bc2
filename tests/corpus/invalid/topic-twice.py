# rule: catalogue
# says: topics.py: queries: the topic is there 2 times; keep one
# file: catalogue/topics.py
TOPICS = (*TOPICS, Topic(name="queries", partitions=3, retention_ms=DAY_MS))

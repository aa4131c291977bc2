# rule: catalogue
# says: topics.py: 'all toys': is no name of a topic; use at most 245 letters
# file: catalogue/topics.py
TOPICS = (*TOPICS, Topic(name="all toys", partitions=1, retention_ms=DAY_MS))

# rule: catalogue
# kept for ever
# file: constructs_lib/catalogue/topics.py
TOPICS = (*TOPICS, Topic(name="toys.v1", partitions=12, retention_ms=-1))

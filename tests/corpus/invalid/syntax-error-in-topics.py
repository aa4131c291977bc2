# rule: catalogue
# says: topics.py:
# says: is no Python: invalid syntax
# file: catalogue/topics.py
TOPICS = (*TOPICS, Topic(name="toys" partitions=1))

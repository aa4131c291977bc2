# rule: catalogue
# says: topics.py:
# says: is no Python: invalid syntax
# file: constructs_lib/catalogue/topics.py
TOPICS = (*TOPICS, Topic(name="toys" partitions=1))

# rule: catalogue
# says: query-parser: ready_without names minio, which it does not need; remove it
CATALOGUE = changed(CATALOGUE, "query-parser", ready_without=("kafka", "minio"))

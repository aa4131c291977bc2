# rule: catalogue
# says: kafka: variable KAFKA_HEAP_OPTS is -Xms384m -Xmx384m by type kafka and -Xmx1g by settings; rename one of them
CATALOGUE = changed(CATALOGUE, "kafka", settings=env(CLUSTER_ID="Y2hhdGRiLWthZmthLTAwMQ", KAFKA_HEAP_OPTS="-Xmx1g"))

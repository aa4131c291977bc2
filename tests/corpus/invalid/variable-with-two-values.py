# rule: catalogue
# says: toy: variable KAFKA_BOOTSTRAP_SERVERS is kafka.chatdb-system.svc.cluster.local:9092 by kafka:kafka and localhost:9092 by settings; rename one of them
CATALOGUE = added(CATALOGUE, toy(settings=env(KAFKA_BOOTSTRAP_SERVERS="localhost:9092")))

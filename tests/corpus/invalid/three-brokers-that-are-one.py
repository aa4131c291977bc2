# rule: catalogue
# says: kafka: it is of type kafka, but sets KAFKA_NODE_ID, which each of its pods gets by itself; remove it from settings
KAFKA = CATALOGUE.component("kafka")
CATALOGUE = changed(
    CATALOGUE,
    "kafka",
    replicas=3,
    ports=(*KAFKA.ports, Port(name="controller", number=9093)),
    settings={**KAFKA.settings, "KAFKA_NODE_ID": "1"},
)

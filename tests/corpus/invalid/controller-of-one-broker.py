# rule: catalogue
# says: kafka: it is of type kafka, but has one broker and a port named controller; remove the port, or ask for 3 replicas
CATALOGUE = changed(CATALOGUE, "kafka", ports=(*CATALOGUE.component("kafka").ports, Port(name="controller", number=9093)))

# rule: catalogue
# says: kafka: it is of type kafka, but has 2 brokers, an even number; ask for 1 or 3: controllers decide by majority
# says: kafka: it is of type kafka, but has no port named controller; add Port(name="controller", number=...) to its ports
CATALOGUE = changed(CATALOGUE, "kafka", replicas=2)

# rule: catalogue
# says: kafka: it is of type kafka, but has no port named kafka; add Port(name="kafka", number=...) to its ports
# says: kafka has no port kafka; it has: broker
# says: probe asks port 'kafka', which is not there; it has: broker
CATALOGUE = changed(CATALOGUE, "kafka", ports=(Port(name="broker", number=9092),))

# rule: catalogue
# says: kafka: it is of type kafka, but has replicas, which this type does not take; remove it
CATALOGUE = changed(CATALOGUE, "kafka", replicas=3)

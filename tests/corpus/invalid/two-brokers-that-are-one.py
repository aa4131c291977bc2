# rule: catalogue
# says: kafka: it is of type kafka, but replicas is 3; this type runs one pod: set it to 1
CATALOGUE = changed(CATALOGUE, "kafka", replicas=3)

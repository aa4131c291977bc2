# rule: catalogue
# says: kafka: it is of kind kafka, but replicas is 3; this kind runs one pod: ask for 1
CATALOGUE = changed(CATALOGUE, "kafka", replicas=3)

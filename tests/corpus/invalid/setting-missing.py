# rule: catalogue
# says: kafka: it is of type kafka, but has no setting CLUSTER_ID; add settings=env(CLUSTER_ID="...")
CATALOGUE = changed(CATALOGUE, "kafka", settings=env())

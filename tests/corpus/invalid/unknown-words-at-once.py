# rule: catalogue
# says: toy: unknown component type 'service'
# says: toy: unknown tier 'Core'
# says: toy: unknown namespace ''
# says: kafka: it is of type kafka, but has no setting CLUSTER_ID
CATALOGUE = added(CATALOGUE, toy(type="service", tier="Core", namespace=""))
CATALOGUE = changed(CATALOGUE, "kafka", settings=env(CLUSTER_ID=""))

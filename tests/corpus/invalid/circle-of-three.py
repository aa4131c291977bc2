# rule: catalogue
# says: kafka: dependency cycle: kafka -> ml-engine -> kafka-topics -> kafka
CATALOGUE = changed(CATALOGUE, "kafka", after=("ml-engine",))

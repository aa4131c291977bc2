# rule: catalogue
# says: kafka: kafka -> ml-engine -> kafka-topics -> kafka is a circle
CATALOGUE = changed(CATALOGUE, "kafka", after=("ml-engine",))

# rule: catalogue
# says: toy: comes after kafka-topics 2 times
# says: toy: comes after itself
CATALOGUE = added(CATALOGUE, toy(after=("kafka-topics", "kafka-topics", "toy")))

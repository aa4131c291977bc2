# rule: catalogue
# says: kafka-topics: it is of kind kafka-topics, but needs no kafka; add an edge to a component of kind kafka to its needs
CATALOGUE = changed(CATALOGUE, "kafka-topics", needs=(Edge("postgres", "postgres"),))

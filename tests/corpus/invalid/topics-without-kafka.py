# rule: catalogue
# says: kafka-topics: it is of type kafka-topics, but needs no kafka; add a dependency on a component of type kafka to its needs
CATALOGUE = changed(CATALOGUE, "kafka-topics", needs=(Dependency("postgres", "postgres"),))

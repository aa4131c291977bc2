# rule: catalogue
# says: toy: it names topics, but needs no kafka; add the dependency to its needs
CATALOGUE = added(CATALOGUE, toy(needs=(), consumes=env(QUERY_TOPIC="queries")))

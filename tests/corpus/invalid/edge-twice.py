# rule: catalogue
# says: toy: the dependency on kafka:kafka is there 2 times in needs and talks_to; keep one
CATALOGUE = added(CATALOGUE, toy(talks_to=(Dependency("kafka", "kafka"),)))

# rule: catalogue
# says: toy: it is in tier processing (wave 4) and needs query-parser of tier processing (wave 4)
CATALOGUE = added(CATALOGUE, toy(needs=(Dependency("kafka", "kafka"), Dependency("query-parser", "http"))))

# rule: catalogue
# says: toy: metrics are on port metrics, which it has not; name its port
CATALOGUE = added(CATALOGUE, toy(metrics="metrics"))

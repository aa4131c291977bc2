# rule: catalogue
# says: toy: needs is Dependency(to='kafka', port='kafka'); write a tuple of Dependency: one alone needs a comma, (x,)
CATALOGUE = added(CATALOGUE, toy(needs=(Dependency("kafka", "kafka"))))

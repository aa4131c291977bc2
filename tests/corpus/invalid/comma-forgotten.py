# rule: catalogue
# says: toy: needs is Edge(to='kafka', port='kafka'); write a tuple of Edge: one alone needs a comma, (x,)
CATALOGUE = added(CATALOGUE, toy(needs=(Edge("kafka", "kafka"))))

# rule: catalogue
# says: toy: replicas is 'two'; write a whole number
# says: toy: ports is 8000; write a tuple of Port: one alone needs a comma, (x,)
# says: toy: needs is 'kafka'; write a tuple of Dependency
# says: toy: tier is 4; write a text
# says: toy: metrics is 1; write a text, or None
CATALOGUE = added(CATALOGUE, toy(replicas="two", ports=8000, needs="kafka", tier=4, metrics=1))

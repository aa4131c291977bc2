# rule: catalogue
# says: is no name of a Service; use at most 52 lower-case letters
CATALOGUE = added(CATALOGUE, toy(name="a" * 64))

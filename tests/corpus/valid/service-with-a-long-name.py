# rule: catalogue
# the longest name
CATALOGUE = added(CATALOGUE, toy(name="a" * 52))

# rule: catalogue
# a sixth service with as little as there may be
CATALOGUE = added(CATALOGUE, toy())

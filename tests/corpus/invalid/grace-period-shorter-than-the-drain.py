# rule: catalogue
# says: toy: grace_period is 3; choose more than the 5 seconds
CATALOGUE = added(CATALOGUE, toy(grace_period=3))

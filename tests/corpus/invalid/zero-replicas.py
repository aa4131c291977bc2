# rule: catalogue
# says: toy: replicas is 0; ask for 1 at least
CATALOGUE = added(CATALOGUE, toy(replicas=0))

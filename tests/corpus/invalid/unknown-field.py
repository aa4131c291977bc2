# rule: catalogue
# says: Component has no field 'replica'; it has: name, tier, type
CATALOGUE = added(CATALOGUE, toy(replica=2))

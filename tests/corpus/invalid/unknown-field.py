# rule: catalogue
# says: Component has no field 'replica'; it has: name, tier, kind
CATALOGUE = added(CATALOGUE, toy(replica=2))

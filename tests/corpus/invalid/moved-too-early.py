# rule: catalogue
# says: ml-engine: it is in tier core (wave 3) and needs model-registry of tier core (wave 3)
CATALOGUE = changed(CATALOGUE, "ml-engine", tier=Tier.CORE)

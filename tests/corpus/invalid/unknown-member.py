# rule: catalogue
# says: Tier has no DATABASE; it has: PLATFORM, FOUNDATION
CATALOGUE = added(CATALOGUE, toy(tier=Tier.DATABASE))

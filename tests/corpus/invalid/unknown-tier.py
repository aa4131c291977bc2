# rule: catalogue
# says: toy: unknown tier 'databases'; use one of: platform, foundation, setup, core, processing, edge, monitoring, testing
CATALOGUE = added(CATALOGUE, toy(tier="databases"))

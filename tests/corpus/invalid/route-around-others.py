# rule: catalogue
# says: takes part of /api/v1, which is toy's; move one of them, or let toy call
# says: components.py: route /api/v1/jobs of training-orchestrator takes part of /api/v1, which is toy's
# says: components.py: route /api/v1/models of model-registry takes part of /api/v1, which is toy's
# says: components.py: route /api/v1/parse of query-parser takes part of /api/v1, which is toy's
# says: components.py: route /api/v1/ml of ml-engine takes part of /api/v1, which is toy's
CATALOGUE = added(CATALOGUE, toy(route=Route(path="/api/v1", strip="/api/v1")))

# rule: catalogue
# says: toy: route /api/v1 strips /api/v1, in one Ingress with ml-engine, model-registry, query-parser, training-orchestrator; an Ingress has one rewrite
CATALOGUE = added(CATALOGUE, toy(route=Route(path="/api/v1", strip="/api/v1")))

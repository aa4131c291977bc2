# rule: catalogue
# says: components.py: route /api/v1/Jobs/archive of toy takes part of /api/v1/jobs, which is training-orchestrator's; move one
CATALOGUE = added(CATALOGUE, toy(route=Route(path="/api/v1/Jobs/archive", strip="/api/v1")))

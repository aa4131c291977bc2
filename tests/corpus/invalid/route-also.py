# rule: catalogue
# says: toy: route 'runs' is not a valid path; begin it with a slash
# says: toy: it publishes /api/v1/toy/runs twice: all below /api/v1/toy is public; leave out the longer
# says: components.py: route /api/v1/jobs leads to toy and training-orchestrator; give each a path of its own
# says: components.py: route /api/v1/docs/ml-engine/x of toy takes part of /api/v1/docs/ml-engine, which is ml-engine's
# says: toy: body_limit of its route is 0; write 1 or more bytes
CATALOGUE = added(
    CATALOGUE,
    toy(
        route=Route(
            path="/api/v1/toy",
            strip="/api/v1",
            also=("runs", "/toy/runs", "/jobs", "/docs/ml-engine/x"),
            body_limit=0,
        )
    ),
)

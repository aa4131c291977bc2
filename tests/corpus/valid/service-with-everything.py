# rule: catalogue
# route, metrics, topics, telemetry, replicas
CATALOGUE = added(CATALOGUE, toy(replicas=3, route=Route(path="/api/v1/toy", strip="/api/v1"), metrics="http", consumes=env(IN_TOPIC="queries"), produces=env(OUT_TOPIC="predictions"), labels=env(team="a"), talks_to=(TELEMETRY,), grace_period=6))

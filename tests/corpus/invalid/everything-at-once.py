# rule: catalogue
# says: grafana: there is no component mysql
# says: grafana: uid 0 is root's
# says: jaeger: it is in tier monitoring (wave 5) and comes after chaos
# says: jaeger: image opentelemetry is not known
# says: toy: replicas is 0
# says: toy: it is of type microservice, but has no probes
# says: toy: TOKEN looks like a secret
# says: route /api/v1/parse leads to query-parser and toy
CATALOGUE = changed(CATALOGUE, "grafana", talks_to=(Dependency("mysql", "sql"),), uid=0)
CATALOGUE = changed(CATALOGUE, "jaeger", after=("chaos",), image="opentelemetry")
CATALOGUE = added(CATALOGUE, toy(replicas=0, probes=None, settings=env(TOKEN="abc"), route=Route(path="/api/v1/parse", strip="/api/v1")))

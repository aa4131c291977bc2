# rule: catalogue
# says: toy: route /toy/metrics publishes /metrics; leave it out: probes and Prometheus ask there
# says: toy: route /toy/Ready publishes /ready
CATALOGUE = added(CATALOGUE, toy(metrics="http", route=Route(path="/toy", strip="/toy", also=("/metrics", "/Ready"))))

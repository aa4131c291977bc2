# rule: catalogue
# says: grafana: prometheus has no port http; it has: prometheus
CATALOGUE = changed(CATALOGUE, "grafana", talks_to=(Dependency("prometheus", "http"),))

# rule: catalogue
# says: grafana: there is no component mysql; use one of chaos, credentials, dns
CATALOGUE = changed(CATALOGUE, "grafana", talks_to=(Dependency("mysql", "sql"),))

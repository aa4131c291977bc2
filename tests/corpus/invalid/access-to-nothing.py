# rule: catalogue
# says: prometheus: a rule of its access names no resources or no verbs
# says: prometheus: 'read' is no verb of the Kubernetes API; use get, list
CATALOGUE = changed(CATALOGUE, "prometheus", access=(Access(namespace=Namespace.SYSTEM, resources=(), verbs=("read",)),))

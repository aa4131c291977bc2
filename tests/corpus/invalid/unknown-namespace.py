# rule: catalogue
# says: toy: unknown namespace 'services'; use one of: chatdb-system, chatdb-services, chatdb-monitoring, chatdb-testing
# says: prometheus: unknown namespace 'system' in its access; use one of: chatdb-system, chatdb-services
CATALOGUE = added(CATALOGUE, toy(namespace="services"))
CATALOGUE = changed(CATALOGUE, "prometheus", access=(Access(namespace="system", resources=("pods",), verbs=("list",)),))

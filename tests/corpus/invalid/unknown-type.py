# rule: catalogue
# says: toy: unknown component type 'microservise'; use one of: chaos, credentials, grafana
CATALOGUE = added(CATALOGUE, toy(type="microservise"))

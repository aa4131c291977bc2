# rule: catalogue
# says: toy: unknown component type 'microservise'; use one of: chaos, cloudnative-pg, credentials
CATALOGUE = added(CATALOGUE, toy(type="microservise"))

# rule: catalogue
# says: toy: it is of type microservice, but has storage, which this type does not take; remove it, or use another type; microservice takes name, tier, type, namespace, image,
CATALOGUE = added(CATALOGUE, toy(storage=Storage(claim="data", mount_path="/data", size="1Gi")))

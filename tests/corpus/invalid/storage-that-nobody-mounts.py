# rule: catalogue
# says: toy: it is of type microservice, but has storage, which this type does not mount
CATALOGUE = added(CATALOGUE, toy(storage=Storage(claim="data", mount_path="/data", size="1Gi")))

# rule: catalogue
# says: toy: it is of kind microservice, but has storage, which this kind does not mount
CATALOGUE = added(CATALOGUE, toy(storage=Storage(claim="data", mount_path="/data", size="1Gi")))

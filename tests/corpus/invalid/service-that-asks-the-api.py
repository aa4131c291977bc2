# rule: catalogue
# says: toy: it is of type microservice, but needs kubernetes-api: this type gets no service account; remove the dependency and the access
CATALOGUE = added(CATALOGUE, toy(needs=(Dependency("kafka", "kafka"), *API)))

# rule: catalogue
# says: toy: it is of kind microservice, but needs kubernetes-api: this kind gets no service account; remove the edge and the access
CATALOGUE = added(CATALOGUE, toy(needs=(Edge("kafka", "kafka"), *API_EDGES)))

# rule: catalogue
# says: toy: it is of type microservice, but has no resources; add resources=Resources(...)
CATALOGUE = added(CATALOGUE, toy(resources=None))

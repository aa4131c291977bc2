# rule: catalogue
# says: toy: it is of kind microservice, but has no resources; add resources=Resources(...)
CATALOGUE = added(CATALOGUE, toy(resources=None))

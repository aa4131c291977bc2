# rule: catalogue
# says: toy: it is of kind microservice, but has no probes; add probes=service_probes()
CATALOGUE = added(CATALOGUE, toy(probes=None))

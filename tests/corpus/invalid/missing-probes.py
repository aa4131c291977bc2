# rule: catalogue
# says: toy: it is of type microservice, but has no probes; add probes=service_probes()
CATALOGUE = added(CATALOGUE, toy(probes=None))

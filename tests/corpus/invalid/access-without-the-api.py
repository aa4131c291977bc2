# rule: catalogue
# says: chaos: it is of kind chaos, but does not need kubernetes-api; add needs=API_EDGES
# says: chaos: it is of kind chaos, but has access without a need of kubernetes-api; add needs=API_EDGES
CATALOGUE = changed(CATALOGUE, "chaos", needs=())

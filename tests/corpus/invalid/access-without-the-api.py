# rule: catalogue
# says: chaos: it is of type chaos, but does not need kubernetes-api; add needs=API
# says: chaos: it is of type chaos, but has access without a need of kubernetes-api; add needs=API
CATALOGUE = changed(CATALOGUE, "chaos", needs=())

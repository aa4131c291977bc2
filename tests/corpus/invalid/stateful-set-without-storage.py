# rule: catalogue
# says: postgres: it is of kind postgres, but has no storage; add storage=Storage(...)
CATALOGUE = changed(CATALOGUE, "postgres", storage=None)

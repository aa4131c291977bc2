# rule: catalogue
# says: postgres: it is of type postgres, but has no storage; add storage=Storage(...)
CATALOGUE = changed(CATALOGUE, "postgres", storage=None)

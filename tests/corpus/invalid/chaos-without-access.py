# rule: catalogue
# says: chaos: it is of type chaos, but has no access; add access=(Access(...),)
CATALOGUE = changed(CATALOGUE, "chaos", access=())

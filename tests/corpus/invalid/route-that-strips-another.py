# rule: catalogue
# says: toy: route /api/v1/toy does not begin with /api/v; strip a leading part
CATALOGUE = added(CATALOGUE, toy(route=Route(path="/api/v1/toy", strip="/api/v")))

# rule: catalogue
# says: components.py: route /api/v1/parse leads to query-parser and toy; give each a path of its own
CATALOGUE = added(CATALOGUE, toy(route=Route(path="/api/v1/Parse", strip="/api/v1")))

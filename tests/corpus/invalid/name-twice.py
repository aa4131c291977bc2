# rule: catalogue
# says: query-parser: the name is there 2 times; give each a name of its own
CATALOGUE = added(CATALOGUE, toy(name="query-parser"))

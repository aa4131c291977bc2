# rule: catalogue
# says: is no Python: '(' was never closed; fix the syntax
CATALOGUE = added(CATALOGUE, toy(name="toy")

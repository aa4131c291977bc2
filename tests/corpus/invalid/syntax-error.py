# rule: catalogue
# says: is no Python: '(' was never closed; mend the syntax
CATALOGUE = added(CATALOGUE, toy(name="toy")

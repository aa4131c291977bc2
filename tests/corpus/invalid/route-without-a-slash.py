# rule: catalogue
# says: toy: route 'toy' is not a valid path; begin it with a slash
# says: toy: route strips 'toy'; begin it with a slash
CATALOGUE = added(CATALOGUE, toy(route=Route(path="toy", strip="toy")))

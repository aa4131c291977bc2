# rule: catalogue
# says: toy: label app is written by the generator; choose another key
CATALOGUE = added(CATALOGUE, toy(labels=env(app="other")))

# rule: catalogue
# says: toy: label 'team' is 'of three'; use at most 63 letters
CATALOGUE = added(CATALOGUE, toy(labels=env(team="of three")))

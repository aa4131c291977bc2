# rule: catalogue
# says: toy: 'my team' is no key of a label; use at most 63
CATALOGUE = added(CATALOGUE, toy(labels={"my team": "a"}))

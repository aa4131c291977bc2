# rule: catalogue
# says: toy: 'LOG LEVEL' is no name of a variable; use letters, digits and _
# says: toy: '2ND' is no name of a variable
CATALOGUE = added(CATALOGUE, toy(settings={"LOG LEVEL": "info", "2ND": "b"}))

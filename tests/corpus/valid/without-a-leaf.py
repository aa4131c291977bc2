# rule: catalogue
# nobody needs chaos
CATALOGUE = replace(CATALOGUE, components=tuple(c for c in CATALOGUE.components if c.name != "chaos"))

# rule: catalogue
# says: components.py: training-orchestrator has a route, but no component serves routes; add one of type ingress
CATALOGUE = replace(CATALOGUE, components=tuple(c for c in CATALOGUE.components if c.type != "ingress"))

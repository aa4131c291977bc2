# rule: catalogue
# says: components.py: there are 2 components of type prometheus; keep one
CATALOGUE = added(CATALOGUE, replace(CATALOGUE.component("prometheus"), name="prometheus-2"))

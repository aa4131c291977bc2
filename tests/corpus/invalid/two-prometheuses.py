# rule: catalogue
# says: components.py: there are 2 components of kind prometheus; keep one
CATALOGUE = added(CATALOGUE, replace(CATALOGUE.component("prometheus"), name="prometheus-2"))

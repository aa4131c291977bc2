# rule: catalogue
# says: the entry is 'toy'; write Component(...)
# says: topics.py: ['queries'] is no tuple of Topic; write (..., ...)
CATALOGUE = replace(CATALOGUE, components=(*CATALOGUE.components, "toy"), topics=["queries"])

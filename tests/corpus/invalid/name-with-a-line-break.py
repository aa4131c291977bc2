# rule: catalogue
# says: 'toy\nservice': 'toy\nservice' is no name of a Service
CATALOGUE = added(CATALOGUE, toy(name="toy\nservice"))

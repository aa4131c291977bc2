# rule: catalogue
# says: name is 'toy\x00'; write it without control characters
# says: settings['LEVEL'] is 'a\x9ab'; write it without control characters
CATALOGUE = added(CATALOGUE, toy(settings=env(LEVEL="a\x9ab"), name="toy\0"))

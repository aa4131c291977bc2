# rule: catalogue
# says: toy: it is of kind microservice, but has no image; name one of constructs_lib/catalogue/images.py
CATALOGUE = added(CATALOGUE, toy(image=None))

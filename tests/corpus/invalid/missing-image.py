# rule: catalogue
# says: toy: it is of type microservice, but has no image; name one of catalogue/images.py
CATALOGUE = added(CATALOGUE, toy(image=None))

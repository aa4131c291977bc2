# rule: catalogue
# says: toy: image toy is not known; add it to catalogue/images.py
CATALOGUE = added(CATALOGUE, toy(image="toy"))

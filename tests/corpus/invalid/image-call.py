# rule: catalogue
# says: images.py:
# says: third_party() missing 1 required positional argument: 'tag'; fix the line
# file: catalogue/images.py
IMAGES = {**IMAGES, "toy": third_party("toy")}

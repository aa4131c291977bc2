# rule: catalogue
# another registry
# file: catalogue/images.py
IMAGES = MappingProxyType({**IMAGES, "kafka": third_party("registry.example:5000/apache/kafka", "4.3.1", "sha256:" + "0" * 64)})

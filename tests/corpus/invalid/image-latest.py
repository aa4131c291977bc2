# rule: catalogue
# says: images.py: kafka: tag 'latest' is no version; name one, such as 1.2.3
# file: catalogue/images.py
IMAGES = MappingProxyType({**IMAGES, "kafka": third_party("apache/kafka", "latest")})

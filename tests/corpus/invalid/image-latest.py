# rule: catalogue
# says: images.py: kafka: tag 'latest' is another image tomorrow; name a version, such as 1.2.3
# file: catalogue/images.py
IMAGES = MappingProxyType({**IMAGES, "kafka": third_party("apache/kafka", "latest")})

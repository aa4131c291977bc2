# rule: catalogue
# says: images.py: kafka: tag '' is no version; name one
# says: images.py: kafka: 'Apache Kafka' is no repository of images; write it like
# says: images.py: kafka: digest 'sha256:abc' is none; write sha256:
# file: catalogue/images.py
IMAGES = MappingProxyType({**IMAGES, "kafka": third_party("Apache Kafka", "", "sha256:abc")})

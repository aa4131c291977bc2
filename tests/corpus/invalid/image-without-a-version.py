# rule: catalogue
# says: images.py: kafka: repository 'Apache Kafka' has the part 'Apache Kafka', which is not valid; use lower-case
# says: images.py: kafka: '' is not a valid tag; use 1 to 128
# says: images.py: kafka: 'sha256:abc' is not a valid digest; write sha256:
# says: images.py: jaeger: it has no tag; name a version, such as 1.2.3
# file: catalogue/images.py
KAFKA = third_party("Apache Kafka", "", "sha256:abc")
IMAGES = MappingProxyType({**IMAGES, "kafka": KAFKA, "jaeger": third_party("jaegertracing/jaeger", None)})

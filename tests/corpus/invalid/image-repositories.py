# rule: catalogue
# says: images.py: tag: repository 'apache/kafka:4.3.1' contains a tag; write one tag, and not in the repository
# says: images.py: digest: repository 'kafka@sha256:
# says: images.py: scheme: repository 'https://docker.io/apache/kafka' begins with https://; remove the scheme
# says: images.py: twice: repository 'apache//kafka' has an empty part; write one slash between two parts
# says: images.py: end: repository 'apache/kafka/' has an empty part
# says: images.py: case: repository 'Apache/kafka' has the part 'Apache', which is not valid
# says: images.py: dot: repository 'apache/.kafka' has the part '.kafka'
# says: images.py: port: repository 'registry.example:0/kafka' names the port 0 of its registry; choose a port from 1
# file: catalogue/images.py
BAD = {
    "tag": "apache/kafka:4.3.1",
    "digest": "kafka@sha256:" + "0" * 64,
    "scheme": "https://docker.io/apache/kafka",
    "twice": "apache//kafka",
    "end": "apache/kafka/",
    "case": "Apache/kafka",
    "dot": "apache/.kafka",
    "port": "registry.example:0/kafka",
}
IMAGES = MappingProxyType({**IMAGES, **{name: third_party(bad, "1") for name, bad in BAD.items()}})

# rule: catalogue
# says: images.py: ml-engine: it has a digest, but is built here; remove the digest: each build is another image
# says: images.py: query-parser: it has no tag; name a version
# file: catalogue/images.py
DIGEST = "sha256:" + "0" * 64
BUILT = {
    "ml-engine": Image(repository="chatdb/ml-engine", tag="1", digest=DIGEST, source="services/ml-engine"),
    "query-parser": Image(repository="chatdb/query-parser", source="services/query-parser"),
}
IMAGES = MappingProxyType({**IMAGES, **BUILT})

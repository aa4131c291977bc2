# rule: catalogue
# says: components.py: keys of buckets are each consumer's own, but no component makes accounts; add one of type object-store-accounts
KEYS = env(AWS_ACCESS_KEY_ID="{role}", AWS_SECRET_ACCESS_KEY="{password}")
MINIO = CATALOGUE.component("minio")
CATALOGUE = changed(CATALOGUE, "minio", ports=(replace(MINIO.ports[0], credentials=KEYS), *MINIO.ports[1:]))

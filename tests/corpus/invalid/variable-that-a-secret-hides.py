# rule: catalogue
# says: minio: variable MINIO_ROOT_USER comes from settings and from generated_secrets; rename one of them
# says: toy: variable AWS_ACCESS_KEY_ID comes from generated_secrets and from minio:api; rename one of them
# says: postgres-schema: variable MODEL_REGISTRY_PASSWORD comes from generated_secrets and from type postgres-schema
CATALOGUE = changed(CATALOGUE, "minio", settings=env(MINIO_ROOT_USER="me"))
CATALOGUE = changed(CATALOGUE, "postgres-schema", generated_secrets=env(MODEL_REGISTRY_PASSWORD="password"))
STORE = {"needs": (Dependency("minio", "api"),), "buckets": (BucketAccess(bucket="test"),)}
CATALOGUE = added(CATALOGUE, toy(**STORE, generated_secrets=env(AWS_ACCESS_KEY_ID="user")))

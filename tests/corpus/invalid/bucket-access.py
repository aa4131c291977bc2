# rule: catalogue
# says: ml-engine: it depends on minio, and does not say which buckets it uses; add buckets=(BucketAccess(bucket="..."),)
# says: model-registry: bucket models is not known; add it to catalogue/buckets.py
# says: model-registry: it names bucket datasets 2 times; keep one
# says: toy: it names buckets, but depends on no object store; add the dependency to its needs, or remove the buckets
# says: object-store-buckets: it is of type object-store-buckets, but has buckets, which this type does not take
DATASETS = BucketAccess(bucket="datasets")
CATALOGUE = changed(CATALOGUE, "ml-engine", buckets=())
CATALOGUE = changed(CATALOGUE, "model-registry", buckets=(BucketAccess(bucket="models"), DATASETS, DATASETS))
CATALOGUE = changed(CATALOGUE, "object-store-buckets", buckets=(DATASETS,))
CATALOGUE = added(CATALOGUE, toy(buckets=(DATASETS,)))

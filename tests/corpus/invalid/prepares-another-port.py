# rule: catalogue
# says: object-store-buckets: it is of type object-store-buckets, but does not need port api of the object-store; name that port: its Job connects to it
CATALOGUE = changed(CATALOGUE, "object-store-buckets", needs=(Dependency("minio", "console"),))

# rule: catalogue
# says: object-store-buckets: it is of type object-store-buckets, but needs no object-store
CATALOGUE = changed(CATALOGUE, "object-store-buckets", needs=())

# rule: catalogue
# says: buckets.py: 'my bucket': is no name of a bucket; use 3 to 63
# says: buckets.py: datasets: the bucket is there 2 times; keep one
# says: buckets.py: datasets: there is no sample 'more.csv' in catalogue/files/object-store-buckets; add the file, or remove it from samples
# file: catalogue/buckets.py
BUCKETS = (*BUCKETS, Bucket(name="my bucket"), Bucket(name="datasets", samples=("more.csv",)))

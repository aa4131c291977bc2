# rule: catalogue
# says: toy: comes after object-store-buckets 2 times
# says: toy: comes after itself
CATALOGUE = added(CATALOGUE, toy(after=("object-store-buckets", "object-store-buckets", "toy")))

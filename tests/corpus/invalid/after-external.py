# rule: catalogue
# says: toy: comes after dns, which is not a component; name a component
CATALOGUE = added(CATALOGUE, toy(after=("object-store-buckets", "dns")))

# rule: catalogue
# says: toy: comes after dns, which is no component; name a component
CATALOGUE = added(CATALOGUE, toy(after=("object-store-buckets", "dns")))

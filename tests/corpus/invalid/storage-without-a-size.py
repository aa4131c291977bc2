# rule: catalogue
# says: kafka: storage.size is '10 GB'; write it like
# says: kafka: storage.mount_path is 'data'; begin it with a slash
# says: kafka: storage.claim 'Data' is no name; use lower-case
CATALOGUE = changed(CATALOGUE, "kafka", storage=Storage(claim="Data", mount_path="data", size="10 GB"))

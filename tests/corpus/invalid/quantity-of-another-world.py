# rule: catalogue
# says: toy: cpu is '1.0.0'; write it like 250m, 512Mi or 1Gi
# says: toy: memory is '512MB'; write it like 250m, 512Mi or 1Gi
# says: toy: memory_limit is '1 Gi'; write it like 250m, 512Mi or 1Gi
CATALOGUE = added(CATALOGUE, toy(resources=Resources(cpu="1.0.0", memory="512MB", cpu_limit="2", memory_limit="1 Gi")))

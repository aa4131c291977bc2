# rule: catalogue
# says: toy: cpu_limit 100m is below cpu 200m; raise the limit to 200m or more
# says: toy: memory_limit 512Mi is below memory 1Gi; raise the limit to 1Gi or more
CATALOGUE = added(CATALOGUE, toy(resources=Resources(cpu="200m", memory="1Gi", cpu_limit="100m", memory_limit="512Mi")))

# rule: catalogue
# says: toy: memory is '500m'; write it in Mi or Gi
CATALOGUE = added(CATALOGUE, toy(resources=Resources(cpu="1m", memory="500m", cpu_limit="2m", memory_limit="1Gi")))

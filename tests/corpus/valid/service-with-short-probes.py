# rule: catalogue
# the smallest times
CATALOGUE = added(CATALOGUE, toy(probes=service_probes(liveness="/", live=(0, 1), ready=(0, 1))))

# rule: catalogue
# says: jaeger: dependency cycle: jaeger -> prometheus -> jaeger; remove one dependency
CATALOGUE = changed(CATALOGUE, "jaeger", after=("prometheus",))
CATALOGUE = changed(CATALOGUE, "prometheus", after=("jaeger",))

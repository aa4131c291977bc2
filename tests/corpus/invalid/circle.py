# rule: catalogue
# says: jaeger: jaeger -> prometheus -> jaeger is a circle: none of them can start first; take one edge out of it
CATALOGUE = changed(CATALOGUE, "jaeger", after=("prometheus",))
CATALOGUE = changed(CATALOGUE, "prometheus", after=("jaeger",))

# rule: catalogue
# says: jaeger: it is in tier monitoring (wave 5) and comes after chaos of tier testing (wave 6); move jaeger to a later tier
CATALOGUE = changed(CATALOGUE, "jaeger", after=("chaos",))

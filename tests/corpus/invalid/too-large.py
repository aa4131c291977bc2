# rule: size
# says: ConfigMap chatdb-services/toy-config: it has 
# says: bytes, more than 262144; split it
CATALOGUE = added(CATALOGUE, toy(settings=env(NOVEL="x" * 262_144)))

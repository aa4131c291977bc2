# rule: catalogue
# says: toy: port 'http' names a Secret, and has no credentials; remove secret
# says: minio: port 'api': 'Own_Keys' cannot end the name of a Secret; use at most 52 lower-case letters, digits and dashes
# says: components.py: Secret chatdb-services/training-orchestrator-credentials would be that of training-orchestrator itself and of training-orchestrator for postgres; name another secret in the port, or rename one of the components
# says: components.py: Secret chatdb-services/model-registry-credentials would be that of model-registry itself and of
MINIO, POSTGRES = CATALOGUE.component("minio"), CATALOGUE.component("postgres")
CATALOGUE = changed(CATALOGUE, "minio", ports=(replace(MINIO.ports[0], secret="Own_Keys"), *MINIO.ports[1:]))
CATALOGUE = changed(CATALOGUE, "postgres", ports=(replace(POSTGRES.ports[0], secret="credentials"),))
CATALOGUE = added(CATALOGUE, toy(ports=(Port(name="http", number=8099, secret="own"),)))

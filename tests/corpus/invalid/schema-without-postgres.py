# rule: catalogue
# says: toy: it is of type microservice, but has a schema and needs no postgres; add the dependency
SCHEMA = Schema(name="toy", migrations="services/model-registry/migrations")
CATALOGUE = added(CATALOGUE, toy(schema=SCHEMA))

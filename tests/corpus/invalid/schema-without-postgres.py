# rule: catalogue
# says: toy: it is of kind microservice, but has a schema and needs no postgres; add the edge
SCHEMA = Schema(name="toy", migrations="services/model-registry/migrations")
CATALOGUE = added(CATALOGUE, toy(schema=SCHEMA))

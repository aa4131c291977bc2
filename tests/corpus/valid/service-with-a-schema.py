# rule: catalogue
# a role, a schema and a Secret of its own
SCHEMA = Schema(name="toy", migrations="services/model-registry/migrations")
CATALOGUE = added(CATALOGUE, toy(needs=(Dependency("kafka", "kafka"), Dependency("postgres", "postgres")), schema=SCHEMA))

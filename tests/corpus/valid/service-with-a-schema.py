# rule: catalogue
# a role, a schema and a Secret of its own
SCHEMA = Schema(name="toy", migrations="services/model-registry/migrations")
CATALOGUE = added(CATALOGUE, toy(needs=(Edge("kafka", "kafka"), Edge("postgres", "postgres")), after=("credentials", "kafka-topics", "postgres-schema"), schema=SCHEMA))

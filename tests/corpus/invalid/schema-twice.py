# rule: catalogue
# says: components.py: 2 components own the schema 'registry'; give each one of its own
SCHEMA = Schema(name="registry", migrations="services/model-registry/migrations")
CATALOGUE = added(CATALOGUE, toy(needs=(Edge("kafka", "kafka"), Edge("postgres", "postgres")), after=("credentials", "kafka-topics", "postgres-schema"), schema=SCHEMA))

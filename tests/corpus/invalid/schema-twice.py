# rule: catalogue
# says: components.py: 2 components own the schema 'registry'; give each one of its own
SCHEMA = Schema(name="registry", migrations="services/model-registry/migrations")
CATALOGUE = added(CATALOGUE, toy(needs=(Dependency("kafka", "kafka"), Dependency("postgres", "postgres")), schema=SCHEMA))

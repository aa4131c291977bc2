# rule: catalogue
# says: toy: there is no migration in 'services/toy/migrations'; add a file such as 0001_tables.sql
SCHEMA = Schema(name="toy", migrations="services/toy/migrations")
CATALOGUE = added(CATALOGUE, toy(needs=(Dependency("kafka", "kafka"), Dependency("postgres", "postgres")), schema=SCHEMA))

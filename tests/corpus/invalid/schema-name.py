# rule: catalogue
# says: toy: 'pg-toy' is no name of a schema; use at most 63 lower-case letters
from constructs_lib.model import Schema

SCHEMA = Schema(name="pg-toy", migrations="services/model-registry/migrations")
CATALOGUE = added(CATALOGUE, toy(needs=(Dependency("kafka", "kafka"), Dependency("postgres", "postgres")), schema=SCHEMA))

# rule: catalogue
# says: toy: schema.connections is 0; write 1 at least, as many as its pool opens
from constructs_lib.model import Schema

SCHEMA = Schema(name="toy", migrations="services/model-registry/migrations", connections=0)
CATALOGUE = added(CATALOGUE, toy(needs=(Dependency("kafka", "kafka"), Dependency("postgres", "postgres")), schema=SCHEMA))

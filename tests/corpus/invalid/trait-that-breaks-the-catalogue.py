# rule: catalogue
# says: catalogue/traits.py: postgres-cloudnative-pg: it leads to this: catalogue/components.py: postgres: port 8000 is there 2 times; give each port its own number
from constructs_lib.model import Port

CATALOGUE = changed(
    CATALOGUE, "postgres", ports=(*CATALOGUE.component("postgres").ports, Port(name="http", number=8000))
)

# rule: catalogue
# two components of one type
KAFKA = replace(
    CATALOGUE.component("kafka"),
    name="kafka-2",
    resources=Resources(cpu="1m", memory="8Mi", cpu_limit="2m", memory_limit="16Mi"),
    storage=Storage(claim="data", mount_path="/var/lib/kafka", size="1Mi"),
)
CATALOGUE = added(CATALOGUE, KAFKA)

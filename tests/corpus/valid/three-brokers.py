# rule: catalogue
# several brokers, beside one that is alone
KAFKA = replace(
    CATALOGUE.component("kafka"),
    name="kafka-2",
    replicas=3,
    ports=(Port(name="kafka", number=9092), Port(name="controller", number=9093)),
    resources=Resources(cpu="1m", memory="8Mi", cpu_limit="2m", memory_limit="16Mi"),
    storage=Storage(claim="data", mount_path="/var/lib/kafka", size="1Mi"),
)
CATALOGUE = added(CATALOGUE, KAFKA)

# rule: catalogue
# says: components.py: PersistentVolumeClaim chatdb-system/minio-pvc is made by minio and by minio-b; rename one of them, or the
# says: components.py: PersistentVolumeClaim chatdb-system/data-kafka-0 is made by kafka and by minio-c; rename one of them
def store(name, claim):
    (minio,) = (c for c in CATALOGUE.components if c.name == "minio")
    ports = tuple(Port(name=port.name, number=port.number) for port in minio.ports)
    return replace(minio, name=name, ports=ports, storage=replace(minio.storage, claim=claim))


CATALOGUE = added(CATALOGUE, store("minio-b", "minio-pvc"), store("minio-c", "data-kafka-0"))

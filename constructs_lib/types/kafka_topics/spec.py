"""What a component of type kafka-topics is."""

from constructs_lib.component_type import POD, ComponentType, own_file
from constructs_lib.resolved import Folder, ResolvedComponent, ScriptComponent, Surroundings, specialized

FOLDER = "/opt/topics"


class KafkaTopics(ComponentType):
    """Creates or widens the topics; never deletes one. The tools that it calls are on the broker's own image."""

    name = "kafka-topics"
    construct = "constructs_lib.parts.script_job"
    takes = POD
    prepares = "kafka"

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """The script, and lines of name, partitions, retention.ms and replication.

        Where there are several brokers, another script adds the replicas that existing topics lack.
        """
        rows = [(one.name, one.partitions, one.retention_ms, one.replication) for one in around.topics]
        table = "".join("\t".join(map(str, row)) + "\n" for row in rows)
        files = {"topics.sh": own_file(__name__, "topics.sh"), "topics.tsv": table}
        command = ["bash", f"{FOLDER}/topics.sh", f"{FOLDER}/topics.tsv"]
        needed = {one.provider for one in base.dependencies}
        (brokers,) = {
            one.replicas for one in around.catalogue.components if one.type == self.prepares and one.name in needed
        }
        if brokers > 1:
            files["replicas.sh"] = own_file(__name__, "replicas.sh")
            command[1:] = [f"{FOLDER}/replicas.sh", f"{FOLDER}/topics.tsv", str(brokers)]
        folder = Folder(path=FOLDER, volume="files", config=f"{base.name}-files", files=files)
        return specialized(base, ScriptComponent, folders=(folder,), command=tuple(command))


TYPE = KafkaTopics()

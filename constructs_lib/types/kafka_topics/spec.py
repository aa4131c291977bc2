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
        """The script, and lines of name, partitions, retention.ms and replication."""
        rows = [(one.name, one.partitions, one.retention_ms, one.replication) for one in around.topics]
        table = "".join("\t".join(map(str, row)) + "\n" for row in rows)
        files = {"topics.sh": own_file(__name__, "topics.sh"), "topics.tsv": table}
        return specialized(
            base,
            ScriptComponent,
            folders=(Folder(path=FOLDER, volume="files", config=f"{base.name}-files", files=files),),
            command=("bash", f"{FOLDER}/topics.sh", f"{FOLDER}/topics.tsv"),
        )


TYPE = KafkaTopics()

#!/usr/bin/env bash
# Installs a Kafka broker and its tools into FOLDER: jars from Maven, and the scripts that the broker's image has.
#
# Usage: kafka.sh JAVA FOLDER, from the repository's root; `--pin` in place of JAVA writes tools/kafka/jars.sha256 anew
set -euo pipefail

java=$1 folder=$PWD/$2
declare -A classes=(
  [kafka-configs]=kafka.admin.ConfigCommand
  [kafka-console-consumer]=org.apache.kafka.tools.consumer.ConsoleConsumer
  [kafka-console-producer]=org.apache.kafka.tools.ConsoleProducer
  [kafka-reassign-partitions]=org.apache.kafka.tools.reassign.ReassignPartitionsCommand
  [kafka-server-start]=kafka.Kafka
  [kafka-storage]=kafka.tools.StorageTool
  [kafka-topics]=org.apache.kafka.tools.TopicCommand
)

rm -rf "$folder"
mkdir -p "$folder/bin"
mvn --quiet --batch-mode --file tools/kafka/pom.xml dependency:copy-dependencies -DincludeScope=runtime \
  -DoutputDirectory="$folder/libs"
if [[ $java == --pin ]]; then
  (cd "$folder/libs" && LC_ALL=C && sha256sum -- *.jar) >tools/kafka/jars.sha256
  exit
fi
# Maven pins versions, and not what is in them.
(cd "$folder/libs" && sha256sum --quiet --check "$OLDPWD/tools/kafka/jars.sha256" &&
  [[ $(ls | wc -l) == $(wc -l <"$OLDPWD/tools/kafka/jars.sha256") ]]) ||
  { echo "the jars are not those of tools/kafka/jars.sha256: after a change of the pom, run make locks" >&2; exit 1; }
for name in "${!classes[@]}"; do
  # Made for short runs: a simple collector, no second compiler, and classes that were read before.
  cat >"$folder/bin/$name.sh" <<END
#!/bin/sh
home=\$(cd "\$(dirname "\$0")/.." && pwd)
exec "$java" \$KAFKA_HEAP_OPTS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
  \${KAFKA_ARCHIVE:--XX:SharedArchiveFile=}"\$home/tools.jsa" -Xlog:disable \$KAFKA_OPTS -cp "\$home/libs/*" ${classes[$name]} "\$@"
END
done
chmod +x "$folder"/bin/*.sh
# The run finds no broker, and fails; what it has loaded until then is what the tools load.
printf 'default.api.timeout.ms=1500\nrequest.timeout.ms=1000\n' >"$folder/nobody.properties"
KAFKA_ARCHIVE=-XX:ArchiveClassesAtExit= "$folder/bin/kafka-topics.sh" --list --bootstrap-server 127.0.0.1:1 \
  --command-config "$folder/nobody.properties" >"$folder/archive.log" 2>&1 || true
[[ -s $folder/tools.jsa ]] || { echo "no archive of classes was written: see $folder/archive.log" >&2; exit 1; }

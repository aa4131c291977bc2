#!/bin/bash
# What the image of Apache Kafka documents: variables KAFKA_<NAME> are the broker's properties, a folder without data is
# formatted with CLUSTER_ID, and the broker is started.
set -euo pipefail

home=/opt/kafka properties=/opt/kafka/config/server.properties
while IFS='=' read -r name value; do
  case $name in
    KAFKA_HEAP_OPTS | KAFKA_OPTS | KAFKA_JVM_PERFORMANCE_OPTS | KAFKA_LOG4J_* | KAFKA_JMX_* | KAFKA_GC_LOG_OPTS) ;;
    KAFKA_*)
      key=${name#KAFKA_} key=${key,,}
      key=${key//___/-} key=${key//__/$'\t'} key=${key//_/.}
      echo "${key//$'\t'/_}=$value"
      ;;
  esac
done < <(env) >"$properties"
"$home/bin/kafka-storage.sh" format --ignore-formatted --cluster-id="${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" \
  --config="$properties"
exec "$home/bin/kafka-server-start.sh" "$properties"

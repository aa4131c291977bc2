#!/bin/bash
# Runs a class of Kafka by the settings that the scripts of its distribution read. Links to this file name the class:
# kafka-topics.sh and others.
set -euo pipefail

heap=-Xmx256M
case $(basename "$0") in
  kafka-configs.sh) class=kafka.admin.ConfigCommand ;;
  kafka-console-consumer.sh) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
  kafka-console-producer.sh) class=org.apache.kafka.tools.ConsoleProducer heap=-Xmx512M ;;
  kafka-consumer-groups.sh) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
  kafka-run-class.sh) class=$1 && shift ;;
  kafka-server-start.sh) class=kafka.Kafka heap='-Xmx1G -Xms1G' ;;
  kafka-storage.sh) class=kafka.tools.StorageTool ;;
  kafka-topics.sh) class=org.apache.kafka.tools.TopicCommand ;;
esac
performance=${KAFKA_JVM_PERFORMANCE_OPTS:--server -XX:+UseG1GC -XX:MaxGCPauseMillis=20
  -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true}
# shellcheck disable=SC2086 - they are words
exec java ${KAFKA_HEAP_OPTS:-$heap} $performance ${KAFKA_LOG4J_OPTS:-} ${KAFKA_OPTS:-} -cp '/opt/kafka/libs/*' $class "$@"

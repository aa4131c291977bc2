#!/usr/bin/env bash
# Makes the Kafka topics as topics.sh does, and then adds the replicas that its warnings name; never takes one away.
#
# Usage: replicas.sh TOPICS.tsv BROKERS, where the ids of the brokers are 0 to BROKERS - 1; else as topics.sh
#
# Topics that lack replicas cost two more calls of a Kafka tool, however many there are. The brokers copy what is there in
# the background, also when this script has ended.
set -euo pipefail

readonly BROKERS=$2
# shellcheck source=constructs_lib/types/kafka_topics/files/topics.sh
. "$(dirname "$0")/topics.sh" "$1"

# Prints the brokers of a partition, its leader first, with as many more as it lacks, from the one after its number.
widened() {
  local partition=$1 present=$2 want=$3 ids step id
  IFS=, read -ra ids <<<"$present"
  for ((step = 1; step <= BROKERS && ${#ids[@]} < want; step++)); do
    id=$(((partition + step) % BROKERS))
    [[ ,$present, == *,$id,* ]] || ids+=("$id")
  done
  local IFS=,
  echo "${ids[*]}"
}

short=()
for name in "${names[@]}"; do
  ((${actual_replication[$name]:-${replication[$name]}} >= replication[$name])) || short+=("$name")
done
((${#short[@]} > 0)) || exit 0

kafka kafka-topics --describe
plan=''
while IFS=$'\t' read -r topic partition _ replicas _; do
  name=${topic#Topic: } partition=${partition#Partition: } replicas=${replicas#Replicas: }
  [[ $topic == Topic:* && $partition =~ ^[0-9]+$ && " ${short[*]} " == *" $name "* ]] || continue
  replicas=$(widened "$partition" "$replicas" "${replication[$name]}")
  plan+=${plan:+,}"{\"topic\":\"$name\",\"partition\":$partition,\"replicas\":[$replicas]}"
done < <(sed 's/^\t//' <<<"$output")
echo "{\"version\":1,\"partitions\":[$plan]}" >"$LOG_DIR/replicas.json"
kafka kafka-reassign-partitions --execute --additional --reassignment-json-file "$LOG_DIR/replicas.json"
for name in "${short[@]}"; do
  echo "$name: its ${replication[$name]} replicas are being made"
done

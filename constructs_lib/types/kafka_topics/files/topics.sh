#!/usr/bin/env bash
# Makes the Kafka topics as the catalogue declares them; never deletes a topic and never shrinks one.
#
# Usage: topics.sh TOPICS.tsv, with KAFKA_BOOTSTRAP_SERVERS in the environment
# A line of the file: name<TAB>partitions<TAB>retention.ms<TAB>replication
#
# What exists is compared first, so the Job may run again, be killed at any point, or run twice at once. Each call of a
# Kafka tool starts a JVM, and no tool creates more than one topic: one call describes all topics, and one more is spent
# per difference; two topics are created at once, as the Job may use two CPUs and its memory holds two JVMs.
# WAIT_SECONDS (default 120) bounds how long failures are retried; one call gives up by itself after a minute.
# KAFKA_BIN (default /opt/kafka/bin) is where the tools are.
#
# Exit codes: 0 done, 1 try again, 78 (EX_CONFIG) somebody has to act: the last line on stderr says how.
set -euo pipefail

readonly KAFKA_BIN=${KAFKA_BIN:-/opt/kafka/bin}
# Never worth a retry: the broker understood, and said no.
readonly REFUSED='[A-Za-z]*(AuthorizationException|InvalidTopicException|PolicyViolationException|InvalidConfigurationException)'
# The tools would log below /opt/kafka, which is read-only, and take 256 MiB of heap, which the Job does not have.
export LOG_DIR=${TMPDIR:-/tmp}
export KAFKA_HEAP_OPTS=${KAFKA_HEAP_OPTS:--Xmx64m}
# Options for short runs: one compiler, a simple collector, and an archive of the loaded classes, which the first call
# writes and the others read. A Java before 19 cannot do that, and ignores it.
export KAFKA_JVM_PERFORMANCE_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+IgnoreUnrecognizedVMOptions \
-XX:+AutoCreateSharedArchive -XX:SharedArchiveFile=$LOG_DIR/kafka-tools.jsa -Xlog:disable"
# The tools' start script runs grep for each of a hundred jars otherwise.
export INCLUDE_TEST_JARS=true
# WARN to the console, as in the tools' own configuration, but without the parser of YAML.
export KAFKA_LOG4J_OPTS=-Dlog4j2.level=WARN

readonly PERMANENT=78

names=()
declare -A partitions retention replication
declare -A actual_partitions actual_retention actual_replication

permanent() {
  printf 'kafka-topics: %s\n' "$1" >&2
  exit "$PERMANENT"
}

# Fills the declared arrays from the file.
read_declared() {
  [[ -r $1 ]] || permanent "cannot read $1: mount the file of topics there"
  local name count keep copies rest number=0
  while IFS=$'\t' read -r name count keep copies rest || [[ -n $name ]]; do
    number=$((number + 1))
    [[ $name =~ ^[A-Za-z0-9._-]{1,249}$ && $count =~ ^[1-9][0-9]*$ && $keep =~ ^(-1|[0-9]+)$ &&
      $copies =~ ^[1-9][0-9]*$ && -z $rest ]] ||
      permanent "$1:$number is not name<TAB>partitions<TAB>retention.ms<TAB>replication: correct the catalogue"
    [[ -z ${partitions[$name]:-} ]] || permanent "$1:$number declares $name again: correct the catalogue"
    names+=("$name")
    partitions[$name]=$count retention[$name]=$keep replication[$name]=$copies
  done <"$1"
  ((${#names[@]} > 0)) || permanent "$1 declares no topic: correct the catalogue"
}

# Runs a Kafka tool; leaves what it printed in $output, and shows it when it failed.
kafka() {
  local tool=$1
  shift
  output=$("$KAFKA_BIN/$tool.sh" --bootstrap-server "$KAFKA_BOOTSTRAP_SERVERS" "$@" 2>&1) && return
  printf '%s\n' "$output" >&2
  if [[ $output =~ $REFUSED ]]; then
    permanent "Kafka refuses with ${BASH_REMATCH[0]}: correct the declared topic or the broker's rules"
  fi
  return 1
}

# Fills the actual arrays: the line of each topic that is not about a single partition.
describe() {
  kafka kafka-topics --describe || return 1
  actual_partitions=() actual_retention=() actual_replication=()
  local line fields=$'^Topic: ([^\t]+)\t.*PartitionCount: ([0-9]+)\tReplicationFactor: ([0-9]+)\tConfigs: ?(.*)$'
  while read -r line; do
    [[ $line =~ $fields ]] || continue
    local name=${BASH_REMATCH[1]} count=${BASH_REMATCH[2]} copies=${BASH_REMATCH[3]} configs=",${BASH_REMATCH[4]}"
    actual_partitions[$name]=$count actual_replication[$name]=$copies
    [[ $configs =~ ,retention\.ms=(-?[0-9]+) ]] && actual_retention[$name]=${BASH_REMATCH[1]}
  done <<<"$output"
}

create() {
  kafka kafka-topics --create --if-not-exists --topic "$1" --partitions "${partitions[$1]}" \
    --replication-factor "${replication[$1]}" --config "retention.ms=${retention[$1]}" || return 1
  echo "$1: created with ${partitions[$1]} partitions"
}

# Brings an existing topic as near to its declaration as Kafka can.
adjust() {
  local have=${actual_partitions[$1]} want=${partitions[$1]} kept=${actual_retention[$1]:-default}
  if ((have < want)); then
    kafka kafka-topics --alter --topic "$1" --partitions "$want" || return 1
    echo "$1: widened from $have to $want partitions"
  elif ((have > want)); then
    echo "warning: $1 has $have partitions, declared are $want; Kafka cannot take any away, so they stay"
  fi
  if ((actual_replication[$1] != replication[$1])); then
    echo "warning: $1 has ${actual_replication[$1]} replicas, declared are ${replication[$1]}; reassign them by hand"
  fi
  if [[ $kept != "${retention[$1]}" ]]; then
    kafka kafka-configs --alter --entity-type topics --entity-name "$1" \
      --add-config "retention.ms=${retention[$1]}" || return 1
    echo "$1: retention.ms set from $kept to ${retention[$1]}"
  fi
}

# Creates topics, two at once; fails when one could not be created.
create_all() {
  local name running=0 failed=0
  for name; do
    if ((running == 2)); then
      wait -n || failed=$(($? > failed ? $? : failed))
    else
      running=$((running + 1))
    fi
    create "$name" &
  done
  while ((running > 0)); do
    wait -n || failed=$(($? > failed ? $? : failed))
    running=$((running - 1))
  done
  ((failed != PERMANENT)) || exit "$failed"
  return "$failed"
}

reconcile() {
  local name missing=()
  describe || return 1
  for name in "${names[@]}"; do
    if [[ -n ${actual_partitions[$name]:-} ]]; then
      adjust "$name" || return 1
    else
      missing+=("$name")
    fi
  done
  create_all "${missing[@]}"
}

(($# == 1)) || permanent 'usage: topics.sh TOPICS.tsv'
[[ -n ${KAFKA_BOOTSTRAP_SERVERS:-} ]] || permanent 'KAFKA_BOOTSTRAP_SERVERS is not set: the Job needs it in its ConfigMap'
read_declared "$1"
until reconcile; do
  if ((SECONDS >= ${WAIT_SECONDS:-120})); then
    echo 'kafka-topics: gave up for now' >&2
    exit 1
  fi
  echo 'trying again in 3 seconds'
  sleep 3
done
echo "all ${#names[@]} topics are there"

"""The Job that creates Kafka topics."""

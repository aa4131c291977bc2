"""What the five services share: settings, logs, telemetry, health, errors, Kafka, inbox and outbox, shutdown."""

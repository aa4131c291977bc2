"""Training jobs: taken over HTTP, handed to workers over Kafka, and followed to their end."""

"""HTTP and Kafka, thin doors to the same handler."""

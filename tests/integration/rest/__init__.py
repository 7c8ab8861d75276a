"""The REST interface beside Kafka Connect itself, and with its clients."""

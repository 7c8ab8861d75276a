"""Kafka Connect's REST interface as a table, and who is held to it."""

"""Kafka clients behind `runtime.ports.Consumer`. The only package that imports a Kafka client."""

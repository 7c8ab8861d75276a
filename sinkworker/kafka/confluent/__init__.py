"""confluent-kafka (librdkafka) behind `runtime.ports.Consumer`; the extra `fast`."""

"""HTTP, as Kafka Connect speaks it: requests → answers of an administration."""

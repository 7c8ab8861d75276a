"""A sink that writes rows to Postgres, with its offsets in the same transaction."""

from connectors.postgres.connector import PostgresSinkConnector

__all__ = ["PostgresSinkConnector"]

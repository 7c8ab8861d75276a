"""A sink that writes files to S3, each committed once, together with the offset, by one entry."""

from connectors.s3.connector import S3SinkConnector

__all__ = ["S3SinkConnector"]

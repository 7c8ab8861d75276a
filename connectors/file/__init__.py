"""A sink that appends lines to a file. The smallest true sink: the one to read first, and to copy."""

from connectors.file.connector import FileStreamSinkConnector

__all__ = ["FileStreamSinkConnector"]

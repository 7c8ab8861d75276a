"""Converters that come with the worker, one kind a file. Found by entry points, like anyone's."""

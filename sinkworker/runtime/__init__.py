"""The engine: from polled records to flushed offsets. Private; imports the standard library and api."""

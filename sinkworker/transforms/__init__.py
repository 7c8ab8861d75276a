"""The bundled transforms and predicates: ordinary plugins, named by entry points.

Each does to a record what the class of that name does in Kafka Connect, and the golden results of those
classes hold it to that. What differs on purpose is said in docs/transforms.md.
"""

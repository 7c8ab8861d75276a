"""`sinkworker demo`: a factory, a broker, a store and a worker that is killed, on one machine.

A user of the worker, not a part of it: it starts the command line as anybody would, and asks the
store what landed. Its packages come with the extra `demo`; only `factory` needs none of them.
"""

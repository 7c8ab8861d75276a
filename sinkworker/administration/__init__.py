"""Looking after connectors while they run: what REST and the command line ask for, done."""

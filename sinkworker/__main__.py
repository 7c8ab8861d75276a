"""`python -m sinkworker`."""

from sinkworker.cli import main

if __name__ == "__main__":
    main(prog_name="sinkworker")

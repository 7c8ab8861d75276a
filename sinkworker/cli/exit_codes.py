"""What the process says when it ends. As BSD's sysexits, where those have a word for it."""

OK = 0
FAILED = 1
USAGE = 2
UNREACHABLE = 75
INVALID_CONFIG = 78

EXPLAINED = (
    "Exit codes: 0 done, or stopped as told; 1 a task failed; 2 wrong usage; "
    "75 Kafka or the sink cannot be reached, or Kafka does not let us in; "
    "78 the configuration is invalid."
)

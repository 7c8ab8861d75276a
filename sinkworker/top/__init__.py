"""`sinkworker top`: what a worker's REST says, as lines that change."""

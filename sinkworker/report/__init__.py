"""`sinkworker report`: the page's pictures as files, drawn from a connector's ledger."""

"""The output of processes: log streams, metrics, the last exception."""

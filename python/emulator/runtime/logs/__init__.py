"""What processes print: log streams, metrics, the last exception."""

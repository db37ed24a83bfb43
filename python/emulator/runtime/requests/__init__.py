"""Which requests the runtime can carry out."""

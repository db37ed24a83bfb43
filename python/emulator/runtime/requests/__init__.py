"""The requests that the runtime can run."""

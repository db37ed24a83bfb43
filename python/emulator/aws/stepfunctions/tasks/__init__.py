"""Tasks: the integrations, their parameters, their results, and task tokens."""

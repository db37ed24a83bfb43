"""The checks of every request before it reaches a service: whether the caller is admitted."""

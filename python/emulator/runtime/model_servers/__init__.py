"""Servers of models, for endpoints and transform jobs."""

"""Distributed Map states: their items, their children and their results."""

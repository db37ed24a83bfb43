"""Definitions: their checks, the messages about their problems, and their parsing."""

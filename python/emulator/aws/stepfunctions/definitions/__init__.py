"""Definitions: what they may say, what is wrong with them, and how they are read."""

"""Hyperparameter tuning: what to try next, and when to stop."""

"""Permissions: what a role asks for is checked against policies, as IAM does."""

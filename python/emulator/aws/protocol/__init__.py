"""Requests and responses by botocore's models: operations, protocols, members, errors."""

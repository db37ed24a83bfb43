"""Requests and answers by botocore's models: operations, forms, members, errors."""

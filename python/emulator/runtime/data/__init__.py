"""Data between S3 and folders."""

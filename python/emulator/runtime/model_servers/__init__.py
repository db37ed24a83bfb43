"""Model servers for endpoints and transform jobs."""

"""State machines and executions as the API has them."""

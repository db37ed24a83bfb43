"""What every request meets before a service does: who may call at all."""

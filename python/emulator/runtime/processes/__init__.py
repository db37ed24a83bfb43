"""Child processes: supervision, isolation, and the Python environments that they run in."""

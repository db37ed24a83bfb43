"""Child processes: supervised, isolated, each with what its environment has."""

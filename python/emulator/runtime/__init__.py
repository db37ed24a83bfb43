"""Jobs, functions and model servers, which run as processes.

Nothing here depends on moto; `aws_access` is the interface to the emulated services.
"""

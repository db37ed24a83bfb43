"""What the emulator runs for real: jobs, functions and model servers, each as processes.

Nothing in here knows moto; what it needs from the emulated cloud is in `aws_access`.
"""

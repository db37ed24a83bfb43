"""The emulator: the AWS services that the workflow uses, on this machine, running the real work."""

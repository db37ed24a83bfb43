"""The emulator: the AWS services of the workflow, with jobs and servers that really run."""

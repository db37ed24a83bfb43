"""The emulator's account and region."""

ACCOUNT = "123456789012"
REGION = "us-east-1"

"""The one account and region that the emulator has."""

ACCOUNT = "123456789012"
REGION = "us-east-1"

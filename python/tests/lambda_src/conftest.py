"""What a deploy tells the functions, for tests that import them."""

import os

# As workflow/settings.ts has them; tests read settings while they are collected.
os.environ |= {"EXPERIMENTS_PREFIX": "experiments/", "REWARDS_PREFIX": "rewards/"}

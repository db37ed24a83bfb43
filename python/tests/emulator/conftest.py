"""What several folders' tests wait for."""

import pytest

from emulator.runtime.environments import ENVIRONMENTS, Environments
from emulator.runtime.tuning.study import ENVIRONMENT


@pytest.fixture(scope="session")
def optuna():
    """Build Optuna's environment: no test's limit has to cover its installation."""
    Environments(ENVIRONMENTS.resolve()).build(ENVIRONMENT)

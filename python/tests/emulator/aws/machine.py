"""State machines for tests."""

import json

from tests.patience import wait_until


class Machine:
    """A state machine and its executions."""

    def __init__(self, sfn, arn):
        self._sfn = sfn
        self.arn = arn

    def start(self, execution_input=None, **options):
        text = json.dumps({} if execution_input is None else execution_input)
        return self._sfn.start_execution(stateMachineArn=self.arn, input=text, **options)[
            "executionArn"
        ]

    def wait(self, execution_arn):
        def ended():
            execution = self._sfn.describe_execution(executionArn=execution_arn)
            return execution["status"] != "RUNNING" and execution

        return wait_until(ended, f"{execution_arn} has ended")

    def run(self, execution_input=None):
        return self.wait(self.start(execution_input))

    def history(self, execution_arn):
        pages = self._sfn.get_paginator("get_execution_history")
        return [
            event for page in pages.paginate(executionArn=execution_arn) for event in page["events"]
        ]

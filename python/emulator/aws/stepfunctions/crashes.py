"""Unexpected exceptions end the execution, which would otherwise stay RUNNING forever."""

import datetime
import logging
from typing import Any

from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (  # noqa: E501
    IterationWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import (
    BranchWorker,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from emulator.aws.patching import replace, wrap

LOG = logging.getLogger("emulator")


def install() -> None:
    """End executions, branches and iterations with ``States.Runtime`` at any exception."""
    wrap(Execution, "start", _start)
    wrap(ExecutionWorker, "_execution_logic", end_execution)
    wrap(Program, "_eval_body", _end_program)
    wrap(BranchWorker, "_thread_routine", _end_branch)
    wrap(IterationWorker, "eval", _end_iterations)
    replace(IterationWorker, "_eval_pool", _evaluate_jobs)


def runtime_error(error: BaseException) -> Any:
    """Return error and cause of an execution that an exception ended."""
    return {"error": "States.Runtime", "cause": f"{type(error).__name__}: {error}"}


def _start(original: Any, self: Any) -> None:
    try:
        original(self)
    except BaseException as error:
        _mark_failed(self, error)
        raise


def end_execution(original: Any, self: Any) -> None:
    """Run a worker's execution; an exception ends it as FAILED."""
    try:
        original(self)
    except BaseException as error:
        LOG.exception("an execution ended with an exception of the interpreter")
        execution = self._execution_communication.execution
        if execution.status != "RUNNING":
            return
        try:
            self.env = self.env or self._get_evaluation_environment()
            self.env.set_error(runtime_error(error))
            _record_failure(self.env, error)
            self._execution_communication.terminated()
        finally:
            if execution.status == "RUNNING":
                _mark_failed(execution, error)


def _mark_failed(execution: Any, error: BaseException) -> None:
    execution.stop_date = datetime.datetime.now(tz=datetime.timezone.utc)
    execution.error, execution.cause = runtime_error(error).values()
    execution.exec_status = ExecutionStatus.FAILED


def _end_program(original: Any, self: Any, env: Environment) -> None:
    try:
        original(self, env)
    except BaseException as error:
        LOG.exception("a program ended with an exception of the interpreter")
        env.set_error(runtime_error(error))
        if not env.is_frame():
            _record_failure(env, error)


def _record_failure(env: Environment, error: BaseException) -> None:
    details: Any = {"executionFailedEventDetails": runtime_error(error)}
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType.ExecutionFailed,
        event_details=details,
    )


def _end_branch(original: Any, self: Any) -> None:
    try:
        original(self)
    except BaseException as error:
        LOG.exception("a branch ended with an exception of the interpreter")
        self.env.set_error(runtime_error(error))
        self._branch_worker_comm.on_terminated(env=self.env)


def _end_iterations(original: Any, self: Any) -> None:
    try:
        original(self)
    except BaseException as error:
        LOG.exception("an iteration ended with an exception of the interpreter")
        failure = error if isinstance(error, Exception) else RuntimeError(str(error))
        with self._job_pool._mutex:
            self._job_pool._worker_exception = failure
            self._job_pool._termination_event.set()


def _evaluate_jobs(self: Any, job: Any, worker_frame: Any) -> None:
    """Evaluate jobs in a loop; moto's recursion soon exceeds the limit."""
    try:
        while job is not None:
            job_frame = worker_frame.open_inner_frame()
            try:
                self._eval_job(env=job_frame, job=job)
            finally:
                worker_frame.close_frame(job_frame)
            ended, job = job, None
            if not isinstance(ended.job_output, Exception) and not self.stopped():
                job = self._job_pool.next_job()
                if job is None:
                    # The events after the Map follow the last event of its iterations.
                    history = job_frame.event_history_context
                    worker_frame.event_history_context.source_event_id = (
                        history.last_published_event_id
                    )
            if job is None:
                self._env.close_frame(worker_frame)
            self._job_pool.close_job(ended)
    finally:
        self._env.close_frame(worker_frame)

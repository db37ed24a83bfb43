"""Branches of Parallel states, and iterations of inline Maps; a redrive runs failed ones."""

import datetime
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (  # noqa: E501
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (  # noqa: E501
    IterationWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import (
    BranchWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branches_decl import (
    BranchesDecl,
    BranchWorkerPool,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from emulator.aws.patching import replace, wrap
from emulator.aws.stepfunctions.checkpoints import checkpoint_of, continue_from
from emulator.aws.stepfunctions.errors import branch_error_name


def install() -> None:
    """Run the branches and iterations that have not succeeded yet."""
    replace(BranchesDecl, "_eval_body", _branches)
    wrap(InlineIterationComponent, "_eval_body", _iterations)
    wrap(IterationWorker, "_eval_job", _iteration)


def _branches(self: Any, env: Environment) -> None:
    value = env.stack.pop()
    checkpoint = checkpoint_of(env)
    checkpoint.begin(len(self.programs))
    parts = [checkpoint.part(index) for index in range(len(self.programs))]
    pool = BranchWorkerPool(workers_num=sum(not part.succeeded for part in parts))
    workers = []
    for program, part in zip(self.programs, parts, strict=True):
        if part.succeeded:
            continue
        frame = env.open_inner_frame()
        frame.states.reset(input_value=value)
        continue_from(frame, part)
        workers.append(BranchWorker(branch_worker_comm=pool, program=program, env=frame))
    for worker in workers:
        worker.start()
    pool.wait()
    failure = pool.get_exit_event_details()
    if failure is not None:
        _stop(env, workers)
        raise FailureEventException(_failure(env, failure))
    for worker in workers:
        env.close_frame(worker.env)
    env.stack.append([part.output for part in parts])


def _stop(env: Environment, workers: list[Any]) -> None:
    for worker in workers:
        worker.stop(stop_date=datetime.datetime.now(), cause=None, error=None)
        env.close_frame(worker.env)


def _failure(env: Environment, details: Any) -> FailureEvent:
    return FailureEvent(
        env=env,
        error_name=branch_error_name(details.get("error")),
        event_type=HistoryEventType.ExecutionFailed,
        event_details={"executionFailedEventDetails": details},  # pyright: ignore[reportArgumentType]
    )


def _iterations(original: Any, self: Any, env: Environment) -> None:
    checkpoint_of(env).begin(len(env.stack[-1].input_items))
    original(self, env)


def _iteration(original: Any, self: Any, env: Environment, job: Any) -> None:
    part = checkpoint_of(self._env).part(job.job_index)
    if part.succeeded:
        job.job_output = part.output
        return
    continue_from(env, part)
    original(self, env=env, job=job)

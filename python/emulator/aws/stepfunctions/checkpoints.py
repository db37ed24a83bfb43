"""The progress of executions, branches and iterations, from which a redrive continues.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from dataclasses import dataclass, field
from typing import Any

from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore

from emulator.aws.patching import wrap


@dataclass
class Progress:
    """The progress of a sequence of states: an execution, a branch, an iteration or a child."""

    at: "Checkpoint | None" = None
    """The current state."""
    start: "Checkpoint | None" = None
    """The state from which a redrive continues."""
    succeeded: bool = False
    output: Any = None

    def again(self) -> "Progress":
        """Return the progress of another attempt, which continues from this one's."""
        return self if self.succeeded else Progress(start=self.at or self.start)


@dataclass
class Checkpoint:
    """A state that was entered, with its data at that time."""

    state: str
    value: Any
    variables: tuple[dict[str, Any], dict[str, Any]]
    """Variables of outer scopes, and of its own."""
    parts: dict[int, Progress] = field(default_factory=dict)
    """The state's branches or iterations."""
    earlier: dict[int, Progress] = field(default_factory=dict)
    """The branches or iterations before a redrive."""
    map_run: Any = None
    """The Map Run of a distributed Map."""
    earlier_map_run: Any = None

    def begin(self, count: int) -> None:
        """Begin an attempt of a state with `count` branches or iterations.

        A retry runs all of them, and so does a redrive of a state that failed although all of
        them had succeeded.
        """
        before = [*self.parts.values()] if self.parts else [*self.earlier.values()]
        done = len(before) == count and all(part.succeeded for part in before)
        self.earlier = {} if self.parts or done else self.earlier
        self.parts = {}

    def part(self, index: int) -> Progress:
        """Return the progress of a branch or iteration in this attempt."""
        part = self.earlier[index].again() if index in self.earlier else Progress()
        self.parts[index] = part
        return part


def install() -> None:
    """Record each state that is entered or next, and start a redrive there."""
    wrap(Program, "_eval_body", _run)
    wrap(CommonStateField, "_eval_body", _enter)
    wrap(CommonStateField, "_set_next", _leave)
    wrap(StateChoice, "_set_next", _leave)
    wrap(Environment, "open_frame", _open)
    wrap(Environment, "open_inner_frame", _open)


def progress_of(env: Any) -> Progress:
    """Return the progress of the states that run in `env`."""
    return vars(env).setdefault("progress", Progress())


def continue_from(env: Any, progress: Progress) -> None:
    """Let the states that will run in `env` continue from `progress`."""
    env.progress = progress


def checkpoint_of(env: Any) -> Checkpoint:
    """Return the checkpoint of the state that is evaluated in `env`, or in a frame of it."""
    while "progress" not in vars(env):
        env = env.opened_by
    return env.progress.at


def _open(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    frame = original(self, *args, **kwargs)
    frame.opened_by = self
    return frame


def _run(original: Any, self: Any, env: Environment) -> None:
    progress = progress_of(env)
    if progress.start is not None:
        _restore(env, progress.start)
    original(self, env)
    if isinstance(env.program_state(), ProgramEnded):
        progress.succeeded, progress.output = True, env.states.get_input()


def _restore(env: Any, start: Checkpoint) -> None:
    env.next_state_name = start.state
    env.states.reset(start.value)
    store = VariableStore()
    store._outer_scope.update(start.variables[0])
    store._inner_scope.update(start.variables[1])
    env.variable_store = store


def _enter(original: Any, self: Any, env: Environment) -> None:
    progress = progress_of(env)
    progress.at = _checkpoint(env, self.name)
    start, progress.start = progress.start, None
    if start is not None:
        progress.at.earlier = {**start.earlier, **start.parts}
        progress.at.earlier_map_run = start.map_run or start.earlier_map_run
    original(self, env)


def _leave(original: Any, self: Any, env: Environment) -> None:
    original(self, env)
    following = env.next_state_name
    if following is not None:
        progress_of(env).at = _checkpoint(env, following)


def _checkpoint(env: Any, state: str) -> Checkpoint:
    store = env.variable_store
    variables = (dict(store._outer_scope), dict(store._inner_scope))
    return Checkpoint(state, env.states.get_input(), variables)

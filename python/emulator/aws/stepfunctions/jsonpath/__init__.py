"""JSONPath in Step Functions: paths, payload templates, intrinsic functions, Choice.

moto uses a library for another dialect of JSONPath, which silently returns lists for single values
and other wrong results. Here, the evaluation is the emulator's own; moto runs the states.
"""


def install() -> None:
    """Replace moto's evaluation."""
    from emulator.aws.stepfunctions.jsonpath import choice_states, path_fields, payloads

    for module in (path_fields, payloads, choice_states):
        module.install()

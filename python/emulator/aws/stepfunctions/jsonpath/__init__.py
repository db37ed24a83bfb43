"""JSONPath as Step Functions evaluates it: paths, payload templates, intrinsic functions, Choice.

moto evaluates JSONPath with a library of another dialect, which gives lists for single values and
other wrong values without a word. Here the evaluation is the emulator's own; moto keeps the states.
"""


def install() -> None:
    """Put the evaluation in the place of moto's."""
    from emulator.aws.stepfunctions.jsonpath import choice_states, path_fields, payloads

    for module in (path_fields, payloads, choice_states):
        module.install()

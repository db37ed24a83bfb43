"""A substitute for the scikit-learn container's own wrapper around AWS's two toolkits.

That wrapper (package sagemaker_sklearn_container of aws/sagemaker-scikit-learn-container) is not
on PyPI. This is a reimplementation, not a copy: training passes the script to the training toolkit,
serving passes the script's functions to the serving toolkit's transformer and worker. Requests are
sent through Werkzeug's test client, without nginx, gunicorn and a socket.

It runs on Python 3.9 in the toolkits' environment, never in the tests' own.
"""

import json
import sys


def train():
    """The function in SAGEMAKER_TRAINING_MODULE, which the program `train` calls."""
    from sagemaker_training import (  # pyright: ignore[reportMissingImports]
        entry_point,
        environment,
    )

    job = environment.Environment()
    entry_point.run(
        job.module_dir, job.user_entry_point, job.to_cmd_args(), job.to_env_vars(), wait=True
    )


def serving_app():
    """Return the WSGI application of /ping and /invocations."""
    from sagemaker_containers.beta.framework import (  # pyright: ignore[reportMissingImports]
        env,
        modules,
        transformer,
        worker,
    )

    serving = env.ServingEnv()
    script = modules.import_module(serving.module_dir, serving.module_name)
    names = ("model_fn", "input_fn", "predict_fn", "output_fn", "transform_fn")
    functions = {name: getattr(script, name, None) for name in names}
    served = transformer.Transformer(**functions)
    served.initialize()
    return worker.Worker(transform_fn=served.transform, module_name=serving.module_name)


def main():
    """Handle the requests in the JSON on stdin; the responses are the last line of stdout."""
    client = serving_app().test_client()
    requests = json.load(sys.stdin)
    answers = [
        client.get("/ping"),
        *(client.post("/invocations", **request) for request in requests),
    ]
    printed = [
        {"status": answer.status_code, "type": answer.mimetype, "body": answer.get_data(True)}
        for answer in answers
    ]
    sys.stdout.write(json.dumps(printed) + "\n")


if __name__ == "__main__":
    main()

from emulator.runtime.logs.tracebacks import last_exception

WORKER = """
[2026-11-26 10:00:00 +0000] [7] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/env/lib/python3.9/site-packages/gunicorn/arbiter.py", line 609, in spawn_worker
    worker.init_process()
  File "/opt/ml/code/inference.py", line 3, in <module>
    import missing_package
ModuleNotFoundError: No module named 'missing_package'
[2026-11-26 10:00:00 +0000] [7] [INFO] Worker exiting (pid: 7)
Traceback (most recent call last):
  File "/env/lib/python3.9/site-packages/gunicorn/arbiter.py", line 209, in run
    self.sleep()
gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>
"""


def test_the_scripts_exception_is_found_instead_of_later_ones():
    assert last_exception(WORKER) == (
        'File "/opt/ml/code/inference.py", line 3, in <module>\nimport missing_package\n'
        "ModuleNotFoundError: No module named 'missing_package'"
    )


def test_a_syntax_error_has_its_line():
    log = 'Traceback (most recent call last):\n  File "/x/importlib.py", line 1, in f\n'
    log += '  File "/opt/ml/code/serve.py", line 2\n    def f(:\n          ^\nSyntaxError: invalid'
    assert last_exception(log) == (
        'File "/opt/ml/code/serve.py", line 2\ndef f(:\n^\nSyntaxError: invalid'
    )


def test_the_place_is_in_the_script_even_if_a_library_raised():
    log = 'Traceback (most recent call last):\n  File "/opt/ml/code/train.py", line 7, in f\n'
    log += '    read(path)\n  File "/env/pandas/io.py", line 1, in read\n    raise\nKeyError: 1\n'
    assert last_exception(log) == (
        'File "/opt/ml/code/train.py", line 7, in f\nread(path)\nKeyError: 1'
    )


def test_messages_at_the_servers_end_are_not_the_cause():
    log = 'Traceback (most recent call last):\n  File "/opt/ml/code/a.py", line 1\nKeyError: 1\n'
    log += 'Traceback (most recent call last):\n  File "/env/arbiter.py", line 2\nSystemExit: 3\n'
    assert last_exception(log) == 'File "/opt/ml/code/a.py", line 1\nKeyError: 1'


def test_an_indented_traceback_is_one():
    log = '  Traceback (most recent call last):\n    File "/opt/ml/code/a.py", line 1\nKeyError: 1'
    assert last_exception(log) == 'File "/opt/ml/code/a.py", line 1\nKeyError: 1'


def test_an_exception_outside_of_the_script_has_its_innermost_place():
    log = 'Traceback (most recent call last):\n  File "/x/a.py", line 1, in f\nKeyError: 1\n'
    assert last_exception(log) == 'File "/x/a.py", line 1, in f\nKeyError: 1'


def test_a_log_without_exception_has_none():
    assert last_exception("ready\n") is None

"""Caches for results that moto computes again for each request, and a guard of one of its own.

For each request, moto lists its own folders to find one named like the host. For each member, it
tries up to six names, and parses times again. An execution's history has thousands of members and
times, and is read often.
"""

import functools
import threading
from typing import Any

from botocore.utils import parse_to_aware_datetime
from moto.core import serialize
from moto.core.model import ServiceModel
from moto.core.serialize import AttributePicker, AttributePickerContext, ResponseSerializer
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from emulator.aws.patching import replace, wrap

_names: dict[tuple[Any, type, str], tuple[str, ...]] = {}
"""By the member's shape (a model has one object for each), the picker's class, and the name."""


def install() -> None:
    """Cache services by host, names of members and times; guard models of operations."""
    backend_of = functools.lru_cache(1000)(DomainDispatcherApplication.get_backend_for_host)
    replace(DomainDispatcherApplication, "get_backend_for_host", backend_of)
    wrap(ResponseSerializer, "get_value", _member)
    replace(serialize, "parse_to_aware_datetime", _date)
    wrap(ServiceModel, "operation_model", _one_at_a_time)


_models = threading.RLock()


def _one_at_a_time(original: Any, self: Any, name: str) -> Any:
    # botocore's model is cached for a moment under the same key as moto's, which replaces it.
    with _models:
        return original(self, name)


def _date(value: Any) -> Any:
    return _date_of_text(value) if isinstance(value, str) else parse_to_aware_datetime(value)


_date_of_text = functools.lru_cache(10_000)(parse_to_aware_datetime)


def _member(original: Any, self: Any, value: Any, key: str, shape: Any) -> Any:
    picker = self._value_picker
    if type(value) is not dict or not isinstance(picker, AttributePicker):
        return original(self, value, key, shape)
    if picker.response_transformers:  # which depend on the member's place in the response
        return original(self, value, key, shape)
    return next((value[name] for name in _names_of(picker, key, shape) if name in value), None)


def _names_of(picker: AttributePicker, key: str, shape: Any) -> tuple[str, ...]:
    remembered = (shape, type(picker), key)
    names = _names.get(remembered)
    if names is None:
        context = AttributePickerContext(obj={}, key=key, shape=shape)
        names = _names[remembered] = tuple(dict.fromkeys(picker.get_possible_keys(context)))
    return names

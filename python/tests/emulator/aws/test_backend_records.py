"""Requests that read moto's records while others change them."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from moto.iam.models import iam_backends

from emulator.aws.account import ACCOUNT
from emulator.aws.backend_records import Records


@pytest.mark.parametrize("look_through", [iter, Records.keys, Records.values, Records.items])
def test_records_are_looked_through_as_they_were(look_through):
    records = Records(one=1, two=2)
    found = 0
    for _ in look_through(records):
        records[f"new-{found}"] = found
        found += 1
    assert (found, len(records)) == (2, 4)


def test_every_dictionary_of_a_backend_is_made_of_records(cloud):
    backend = iam_backends[ACCOUNT]["aws"]
    assert type(backend.roles) is Records
    assert dict not in map(type, vars(backend).values())


def test_roles_are_made_at_the_same_time(client, name):
    iam = client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})

    def create(number):
        role = f"{name}-{number}"
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        iam.list_roles()
        iam.delete_role(RoleName=role)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create, range(40)))

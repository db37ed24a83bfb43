"""The permissions of DynamoDB's requests for several tables.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

_OF_TRANSACTIONS = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}


def parts(name: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each action that a request needs, and the parameters that name its resource.

    Parameters
    ----------
    name : str
        The request's operation, named as in IAM; other services' requests are one part.
    """
    if name in ("dynamodb:TransactGetItems", "dynamodb:TransactWriteItems"):
        for item in parameters.get("TransactItems") or []:
            for kind, about in item.items():
                yield _OF_TRANSACTIONS[kind], about
    elif name in ("dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"):
        for table in parameters.get("RequestItems") or {}:
            yield name, {"TableName": table}
    elif name == "dynamodb:GetRecords":
        # The only parameter is a shard's iterator, which begins with the stream's ARN.
        yield name, {"StreamArn": parameters["ShardIterator"].partition("|")[0]}
    else:
        yield name, parameters

"""The accounts of the registries with AWS's images, which differ by region.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html
"""

from __future__ import annotations

import re

from emulator.runtime.errors import UnsupportedError

_URI = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com[^/]*/([^:@]+)")
_REPOSITORIES = ("sagemaker-scikit-learn", "sagemaker-xgboost")
_ACCOUNTS = {
    "af-south-1": "510948584623",
    "ap-east-1": "651117190479",
    "ap-northeast-1": "354813040037",
    "ap-northeast-2": "366743142698",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "720646828776",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "121021644041",
    "ap-southeast-2": "783357654285",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "341280168497",
    "ca-west-1": "190319476487",
    "cn-north-1": "450853457545",
    "cn-northwest-1": "451049120500",
    "eu-central-1": "492215442770",
    "eu-central-2": "680994064768",
    "eu-north-1": "662702820516",
    "eu-south-1": "978288397137",
    "eu-south-2": "104374241257",
    "eu-west-1": "141502667606",
    "eu-west-2": "764974769150",
    "eu-west-3": "659782779980",
    "il-central-1": "898809789911",
    "me-central-1": "272398656194",
    "me-south-1": "801668240914",
    "sa-east-1": "737474898029",
    "us-east-1": "683313688378",
    "us-east-2": "257758044811",
    "us-gov-east-1": "237065988967",
    "us-gov-west-1": "414596584902",
    "us-west-1": "746614075791",
    "us-west-2": "246618743249",
}


def check_registry(image_uri: str) -> None:
    """Refuse an image of AWS from an account that does not have it in the URI's region.

    Raises
    ------
    UnsupportedError
        With the account that has it.
    """
    found = _URI.match(image_uri)
    if found is None or found[3] not in _REPOSITORIES:
        return
    account, region = found[1], found[2]
    expected = _ACCOUNTS.get(region)
    if expected not in (None, account):
        raise UnsupportedError(
            f"the image {image_uri} cannot be pulled, here as on AWS: in {region} AWS's registry "
            f"of {found[3]} is account {expected}, not {account}"
        )

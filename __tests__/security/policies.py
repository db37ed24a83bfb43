"""Lint IAM policies with parliament, its community auditors included.

Reads ``[{"name": …, "policy": …}]`` on standard input and prints
``[{"name": …, "check": …, "detail": …}]``. Its command line is not used: it writes every policy
to a log file in a folder that everyone can read.
"""

import json
import sys
from pathlib import Path

import parliament


def main():
    override = Path(parliament.__file__).parent / "community_auditors" / "config_override.yaml"
    parliament.override_config(str(override))
    findings = []
    for named in json.load(sys.stdin):
        analyzed = parliament.analyze_policy_string(
            json.dumps(named["policy"]), include_community_auditors=True
        )
        for finding in map(parliament.enhance_finding, analyzed.findings):
            # What the check names stands in one or the other.
            named_by_check = finding.detail or finding.location.get("actions") or ""
            detail = f"{finding.title}: {named_by_check}."
            findings.append({"name": named["name"], "check": finding.issue, "detail": detail})
    json.dump(findings, sys.stdout)


if __name__ == "__main__":
    main()

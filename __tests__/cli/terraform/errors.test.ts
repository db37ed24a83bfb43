import { openEnvironment } from "../../../cli/account/environment";
import { explainTerraform } from "../../../cli/terraform/errors";

const environment = openEnvironment("dev");

/** As Terraform frames an error and wraps its lines. */
function framed(...lines: string[]): string {
  return ["╷", ...lines.map((line) => `│ ${line}`), "╵"].join("\n");
}

describe("explainTerraform", () => {
  it("tells who holds the lock, and how to release it", () => {
    const output = framed(
      "Error: Error acquiring the state lock",
      "",
      "Error message: operation error S3: PutObject, https response error StatusCode: 412, RequestID: abc,",
      "HostID: , api error PreconditionFailed",
      "Lock Info:",
      "  ID:        1234-5678",
      "  Path:      tfstate/dev-test-run/terraform.tfstate",
      "  Operation: OperationTypeApply",
      "  Who:       ada@laptop",
      "  Created:   2026-01-02 03:04:05 +0000 UTC",
    );
    expect(explainTerraform(output, environment)).toBe(
      "The state of dev-test-run is locked by ada@laptop since 2026-01-02 03:04:05 +0000 UTC (OperationTypeApply). Wait until that operation has ended. If it was killed and no one is deploying dev, release the lock with terraform -chdir=cdktf.out/dev/stacks/dev-test-run force-unlock 1234-5678",
    );
  });

  it.each([
    [
      ['Error: Failed to get existing workspaces: S3 bucket "tfstate" does not', "exist."],
      "create it with npm run bootstrap -- dev",
    ],
    [["Error: AWS account ID not allowed: 999999999999"], "got account 999999999999"],
    [["Error: Failed to query available provider", "packages"], "Terraform could not install its providers"],
    [["Error: creating S3 Bucket (taken): BucketAlreadyExists"], "another bucketName in config.ts"],
    [["Error: deleting S3 Bucket: BucketNotEmpty: not empty"], "set forceDestroy of environment dev"],
    [
      ["Error: No valid credential sources found", "no EC2 IMDS role found"],
      "There are no AWS credentials: none in the variables",
    ],
    [
      ["Error: No valid credential sources found", "the SSO session has expired or is invalid"],
      "cannot be used: log in, for example with `aws sso login`",
    ],
    [
      ["api error ExpiredToken: The security token included in the request is expired"],
      "have expired: log in",
    ],
    [["api error InvalidClientTokenId: The security token is invalid"], "does not know the access key"],
    [
      [
        "Error: creating IAM Role (x): operation error IAM: CreateRole, api error AccessDenied: User:",
        "arn:aws:iam::111122223333:user/me is not authorized to perform: iam:CreateRole on resource: x",
      ],
      "user/me is not authorized to perform: iam:CreateRole. The AWS credentials are valid but lack this permission",
    ],
    [["StatusCode: 409, EntityAlreadyExists: Role with name x already exists"], "not in Terraform's state"],
  ])("explains %j", (lines, message) => {
    expect(explainTerraform(framed(...lines), environment)).toContain(message);
  });

  it("leaves what it does not know to Terraform's own words", () => {
    expect(explainTerraform(framed("Error: something new"), environment)).toBeUndefined();
  });
});

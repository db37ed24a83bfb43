/** What goes wrong with real Terraform: each ends in a clear message, and the next deploy repairs it. */

import { GetRolePolicyCommand, ListRolesCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { DeleteObjectCommand, ListBucketsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { TestCloud } from "../runs/cloud";
import { namesIn } from "./account";
import { terraformIsAvailable } from "./available";
import { AwsProvider } from "./aws-provider";
import { ProjectCopy } from "./project-copy";

const name = "housing-local";

/** Terraform installs and starts the provider itself, as it does for everybody else. */
const ownProvider = { TF_REATTACH_PROVIDERS: "" };

(terraformIsAvailable() ? describe : describe.skip)("a deploy", () => {
  let cloud: TestCloud;
  let provider: AwsProvider;
  let project: ProjectCopy;

  beforeAll(async () => {
    cloud = await TestCloud.start();
    project = new ProjectCopy(cloud.variables);
    provider = await AwsProvider.start(project.folder, cloud.variables);
    project.variables = { ...cloud.variables, ...provider.variables };
    expect(await project.run("bootstrap", "local")).toMatchObject({ code: 0 });
  });

  afterAll(async () => {
    project?.remove();
    await provider?.stop();
    await cloud?.stop();
  });

  it("touches nothing with credentials of another account", async () => {
    project.edit("config.ts", 'account: "123456789012"', 'account: "210987654321"');
    for (const command of [["deploy", "--yes"], ["diff"], ["bootstrap"], ["destroy", "--yes"]]) {
      const [verb = "", ...flags] = command;
      const { code, stderr } = await project.run(verb, "local", ...flags);
      expect([verb, code]).toEqual([verb, 2]);
      expect(stderr).toContain(
        "The credentials must be for account 210987654321 of environment local, got account 123456789012",
      );
    }
    project.edit("config.ts", 'account: "210987654321"', 'account: "123456789012"');
  });

  it("says where providers come from, when they cannot be installed", async () => {
    const nowhere = project.write(
      "no-providers.tfrc",
      'provider_installation {\n  filesystem_mirror {\n    path = "/nonexistent"\n  }\n}\n',
    );
    const { code, stderr } = await project.start(["diff", "local"], {
      ...ownProvider,
      TF_CLI_CONFIG_FILE: nowhere,
    }).ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining("Terraform could not install its providers")]);
  });

  it("names the bucket that is taken", async () => {
    project.edit(
      "config.ts",
      'stateBucket: "tfstate-housing-local",',
      'stateBucket: "tfstate-housing-local",\n      bucketName: "taken",',
    );
    await cloud.inject({
      operation: "s3:CreateBucket",
      match: "taken",
      times: 0,
      error: "BucketAlreadyExists",
      message: "The requested bucket name is not available.",
    });
    const { code, stderr } = await project.run("deploy", "local", "--yes");
    await cloud.inject();
    expect([code, stderr]).toEqual([1, expect.stringContaining("The bucket name taken is taken")]);
    project.edit("config.ts", '\n      bucketName: "taken",', "");
  });

  it("can be interrupted in the middle, and run again", async () => {
    const { child, ended } = project.start(["deploy", "local", "--yes"], ownProvider);
    let said = "";
    child.stdout?.on("data", (chunk) => {
      said += chunk;
      if (/Artifacts\/Versioning: Creation complete/.test(said)) child.kill("SIGTERM");
    });
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([130, expect.stringContaining("run the command again")]);
    expect(await namesIn(cloud.aws, name)).not.toEqual([]);
    const again = await project.run("deploy", "local", "--yes");
    expect([again.code, again.stderr]).toEqual([0, expect.not.stringContaining("rror")]);
    expect(await namesIn(cloud.aws, name)).toContain(name);
  });

  it("names who holds the lock of the state", async () => {
    const lock = { Bucket: "tfstate-housing-local", Key: "local-pipeline/terraform.tfstate.tflock" };
    const Body = JSON.stringify({
      ID: "5ca1ab1e-0000-4000-8000-000000000000",
      Operation: "OperationTypeApply",
      Info: "",
      Who: "ada@laptop",
      Version: "1.11.4",
      Created: "2026-01-02T03:04:05.678Z",
      Path: "tfstate-housing-local/local-pipeline/terraform.tfstate",
    });
    await cloud.aws.s3().send(new PutObjectCommand({ ...lock, Body }));
    const { code, stderr } = await project.run("deploy", "local", "--yes");
    expect(code).toBe(1);
    expect(stderr).toContain("The state of local-pipeline is locked by ada@laptop since 2026-01-02");
    expect(stderr).toContain("force-unlock 5ca1ab1e-0000-4000-8000-000000000000");
    expect((await project.run("review", "local")).code).toBe(0);
    await cloud.aws.s3().send(new DeleteObjectCommand(lock));
  });

  it("repairs a role's policy that was changed by hand, after showing it", async () => {
    const iam = cloud.aws.iam();
    const { Roles = [] } = await iam.send(new ListRolesCommand({}));
    const RoleName = Roles.find((role) => role.RoleName?.startsWith(`${name}-evaluate-`))?.RoleName;
    const policy = { RoleName, PolicyName: "permissions" };
    const before = await iam.send(new GetRolePolicyCommand(policy));
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
    });
    await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
    const review = await project.run("review", "local");
    expect(review.stdout).toMatch(/s3:\*/);
    expect((await project.run("deploy", "local", "--yes")).code).toBe(0);
    expect((await iam.send(new GetRolePolicyCommand(policy))).PolicyDocument).toBe(before.PolicyDocument);
  });

  it("is not destroyed while its bucket holds what nobody can make again", async () => {
    project.edit("config.ts", "forceDestroy: true,", "forceDestroy: false,");
    const { Buckets = [] } = await cloud.aws.s3().send(new ListBucketsCommand({ Prefix: `${name}-` }));
    const Bucket = Buckets[0]?.Name;
    const mine = { Bucket, Key: "raw-data/mine.csv", Body: "1" };
    const { VersionId } = await cloud.aws.s3().send(new PutObjectCommand(mine));
    const { code, stderr } = await project.run("destroy", "local", "--yes", "--with-leftovers");
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("must be empty, but contains objects such as raw-data/mine.csv"),
    ]);
    expect(await namesIn(cloud.aws, name)).toContain(name);

    // Code of a deploy whose state was lost is no one's: it does not keep the bucket from being destroyed.
    await cloud.aws.s3().send(new DeleteObjectCommand({ Bucket, Key: "raw-data/mine.csv", VersionId }));
    await cloud.aws.s3().send(new PutObjectCommand({ Bucket, Key: "code/lost.tar.gz", Body: "1" }));
    expect(await project.run("destroy", "local", "--yes", "--with-leftovers")).toMatchObject({ code: 0 });
    expect(await namesIn(cloud.aws, name)).not.toContain(name);
  });
});

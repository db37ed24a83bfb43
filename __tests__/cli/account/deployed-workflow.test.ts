import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveTarget } from "../../../cli/account/deployed-workflow";
import { UsageError } from "../../../cli/terminal/errors";

const stateMachineArn = "arn:aws:states:us-east-1:111122223333:stateMachine:housing-dev";
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "target-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function outputs(content: unknown): string {
  const file = join(folder, "outputs.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

describe("resolveTarget", () => {
  const deployed = {
    state_machine_arn: stateMachineArn,
    bucket_name: "b",
    execution_input: '{"Threshold":0.5}',
  };

  it("reads the outputs of the environment's test-run stack", async () => {
    const target = await resolveTarget("dev", { outputsFile: outputs({ "dev-test-run": deployed }) });
    expect(target).toMatchObject({ stateMachineArn, bucketName: "b", executionInput: { Threshold: 0.5 } });
    expect(target.aws.connection).toEqual({ region: "us-east-1" });
  });

  it("takes options instead of the file", async () => {
    const target = await resolveTarget("dev", {
      outputsFile: "missing.json",
      stateMachineArn,
      bucket: "mine",
    });
    expect(target).toMatchObject({ stateMachineArn, bucketName: "mine" });
  });

  it.each([
    ["is not there", () => join(folder, "none.json"), "none.json. Create it with npm run deploy -- dev"],
    ["must be JSON", () => outputs("{"), "must be JSON"],
    [
      "is of another stack",
      () => outputs({ "prod-test-run": deployed }),
      "must contain the outputs of dev-test-run, got prod-test-run",
    ],
    [
      "lacks an output",
      () => outputs({ "dev-test-run": { ...deployed, bucket_name: undefined } }),
      "bucket_name",
    ],
    [
      "names a state machine of another region",
      () =>
        outputs({
          "dev-test-run": {
            ...deployed,
            state_machine_arn: stateMachineArn.replace("us-east-1", "eu-west-1"),
          },
        }),
      "The state machine of environment dev must be in us-east-1, got",
    ],
    [
      "names another environment's state machine",
      () =>
        outputs({
          "dev-test-run": { ...deployed, state_machine_arn: stateMachineArn.replace("-dev", "-prod") },
        }),
      "The state machine of environment dev must be housing-dev, got",
    ],
  ])("fails when the outputs file %s", async (_, file, message) => {
    const resolving = resolveTarget("dev", { outputsFile: file() });
    await expect(resolving).rejects.toThrow(UsageError);
    await expect(resolving).rejects.toThrow(message);
  });

  it("fails for an environment that config.ts does not have", async () => {
    await expect(resolveTarget("nowhere")).rejects.toThrow(
      "The environment must be one of local, dev, staging, prod, got nowhere",
    );
  });

  it("fails for a local environment that is not on this machine", async () => {
    const before = process.env.AWS_ENDPOINT_URL;
    process.env.AWS_ENDPOINT_URL = "https://sagemaker.us-east-1.amazonaws.com";
    try {
      await expect(resolveTarget("local")).rejects.toThrow("AWS_ENDPOINT_URL must be on this machine");
    } finally {
      if (before === undefined) delete process.env.AWS_ENDPOINT_URL;
      else process.env.AWS_ENDPOINT_URL = before;
    }
  });
});

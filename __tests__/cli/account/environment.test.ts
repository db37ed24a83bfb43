import { Aws } from "../../../cli/account/clients";
import { announce, environmentConfig, stateMachinesOf } from "../../../cli/account/environment";
import { workflowProps } from "../../../configuration";

it("names state machines in the partition that the credentials are of, which AWS is asked for once", async () => {
  const send = jest.fn(async () => ({
    Account: "123456789012",
    Arn: "arn:aws-cn:iam::123456789012:user/me",
  }));
  const aws = Object.assign(new Aws({ region: "cn-north-1" }), { sts: () => ({ send }) });
  const environment = {
    name: "dev",
    aws,
    config: environmentConfig("dev"),
    workflow: workflowProps("dev"),
    baseName: "housing-dev",
  };
  for (const _ of [1, 2]) {
    expect(await stateMachinesOf(environment)).toEqual({
      workflow: "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:housing-dev",
      release: "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:housing-dev-release",
      monitor: "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:housing-dev-monitor",
      retrain: "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:housing-dev-retrain",
    });
  }
  expect(send).toHaveBeenCalledTimes(1);
});

describe("an environment that is rehearsed on the emulator", () => {
  const variables = { ...process.env };
  const aws = Object.assign(new Aws({ region: "us-east-1" }), {
    sts: () => ({
      send: async () => ({ Account: "123456789012", Arn: "arn:aws:iam::123456789012:user/me" }),
    }),
  });
  const rehearsed = (region: string) => ({
    name: "prod",
    aws,
    config: { ...environmentConfig("prod"), region, account: "123456789012" },
    workflow: workflowProps("prod"),
    baseName: "housing-prod",
  });

  afterEach(() => {
    process.env = { ...variables };
  });

  it("must be in the emulator's region", async () => {
    process.env.AWS_ENDPOINT_URL = "http://127.0.0.1:4566";
    await expect(announce(rehearsed("eu-west-1"))).rejects.toThrow(
      "which is in us-east-1, but environment prod is in eu-west-1: set its region",
    );
    await expect(announce(rehearsed("us-east-1"))).resolves.toBeUndefined();
  });

  it("may be in any region on AWS", async () => {
    delete process.env.AWS_ENDPOINT_URL;
    await expect(announce(rehearsed("eu-west-1"))).resolves.toBeUndefined();
  });
});

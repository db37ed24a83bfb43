import type { Aws } from "../../../cli/account/clients";
import { environmentConfig, stateMachineArn } from "../../../cli/account/environment";
import { workflowProps } from "../../../config";

it("names a state machine in the partition that the credentials are of", async () => {
  const identity = { Account: "123456789012", Arn: "arn:aws-cn:iam::123456789012:user/me" };
  const aws = { sts: () => ({ send: async () => identity }) } as unknown as Aws;
  const environment = {
    name: "dev",
    aws,
    config: { ...environmentConfig("dev"), region: "cn-north-1" },
    workflow: workflowProps("dev"),
    baseName: "housing-dev",
  };
  expect(await stateMachineArn(environment, "housing-dev")).toBe(
    "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:housing-dev",
  );
});

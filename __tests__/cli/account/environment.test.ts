import { Aws } from "../../../cli/account/clients";
import { environmentConfig, stateMachinesOf } from "../../../cli/account/environment";
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
    });
  }
  expect(send).toHaveBeenCalledTimes(1);
});

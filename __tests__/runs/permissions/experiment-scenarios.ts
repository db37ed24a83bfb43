/** Looks at an A/B test, by the controller itself and by its schedule. */

import { InvokeCommand } from "@aws-sdk/client-lambda";
import {
  CreateEndpointConfigCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  ListEndpointsCommand,
  UpdateEndpointCommand,
} from "@aws-sdk/client-sagemaker";
import { CreateScheduleCommand } from "@aws-sdk/client-scheduler";
import { experimentVariants } from "../../../cli/experiment/plan";
import { experimentControllerName, experimentGroupName } from "../../../workflow/experiments";
import { until } from "../../patience";
import type { Lane, Scenario } from "./lane";
import { execution, soon } from "./scenarios";

let tests = 0;

const scopeOf = ({ workflow: { baseName } }: Lane) => ({
  prefix: baseName.replace(/-test$/, ""),
  environment: "test",
});

/** Two variants that serve. */
async function serveTwo(lane: Lane): Promise<void> {
  const EndpointName = lane.workflow.baseName;
  const sagemaker = lane.cloud.aws.sagemaker();
  const { Endpoints = [] } = await sagemaker.send(
    new ListEndpointsCommand({ NameContains: EndpointName, StatusEquals: "InService" }),
  );
  if (!Endpoints.some((found) => found.EndpointName === EndpointName)) {
    await lane.removeEndpoint(EndpointName);
    expect(await execution(lane, {})).toBe("");
  }
  const endpoint = await sagemaker.send(new DescribeEndpointCommand({ EndpointName }));
  const { EndpointConfigName } = endpoint;
  const config = await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
  const [variant] = config.ProductionVariants ?? [];
  if (variant === undefined) throw new Error(`${EndpointName} has no variant`);
  const name = `${EndpointName}-config-pair-${++tests}`;
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: name,
      ProductionVariants: experimentVariants(variant, 1, variant.ModelName ?? "", 0.5),
    }),
  );
  await sagemaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName: name }));
  await until(async () => {
    const found = await sagemaker.send(new DescribeEndpointCommand({ EndpointName }));
    return found.EndpointStatus === "InService" && found.EndpointConfigName === name;
  });
}

/** Whether one variant has all traffic, and the endpoint can be changed again. */
async function isPromoted({ cloud, workflow }: Lane): Promise<boolean> {
  const { EndpointStatus, ProductionVariants = [] } = await cloud.aws
    .sagemaker()
    .send(new DescribeEndpointCommand({ EndpointName: workflow.baseName }));
  const serving = ProductionVariants.filter(({ CurrentWeight = 0 }) => CurrentWeight > 0);
  return EndpointStatus === "InService" && serving.length === 1;
}

/** A test whose rewards promote the challenger at the first look; what its controller is told. */
async function newTest({ workflow }: Lane): Promise<string> {
  const Experiment = `look-${++tests}`;
  const RewardPrefix = `rewards/${workflow.baseName}/${Experiment}/`;
  for (const [variant, reward] of [
    ["primary", 0],
    ["challenger", 1],
  ] as const) {
    const lines = Array.from({ length: 100 }, (_, n) =>
      JSON.stringify({ inferenceId: `order-${n}`, variant, reward }),
    );
    await workflow.upload(`${RewardPrefix}${variant}/1.jsonl`, lines.join("\n"));
  }
  return JSON.stringify({
    Experiment,
    EndpointName: workflow.baseName,
    S3Bucket: workflow.bucketName,
    Champion: "primary",
    Challengers: ["challenger"],
    RewardRange: [0, 1],
    Effect: 0.5,
    MaxErrorRate: 0.02,
    MaxLatencyMilliseconds: 60_000,
    RewardPrefix,
  });
}

/** The controller promotes, and finds at its second look that the endpoint has the weights. */
export const looksAtExperiment: Scenario = {
  before: serveTwo,
  run: async (lane) => {
    const event = await newTest(lane);
    for (let look = 1; look <= 2; look++) {
      const { FunctionError, Payload } = await lane.cloud.aws
        .lambda()
        .send(new InvokeCommand({ FunctionName: experimentControllerName(scopeOf(lane)), Payload: event }));
      const answer = Buffer.from(Payload ?? []).toString();
      if (FunctionError !== undefined) return answer;
      if (look === 2) return JSON.parse(answer).Applied ? "" : answer;
    }
    return "";
  },
};

/** The schedule lets the controller look. */
export const looksBySchedule: Scenario = {
  before: serveTwo,
  run: async (lane) => {
    const { cloud, workflow, lookRoleArn } = lane;
    const Input = await newTest(lane);
    const { Experiment } = JSON.parse(Input);
    const FunctionName = experimentControllerName(scopeOf(lane));
    const isDenied = await lane.watchDenials();
    await cloud.aws.scheduler().send(
      new CreateScheduleCommand({
        Name: Experiment,
        GroupName: experimentGroupName(workflow.baseName),
        ScheduleExpression: soon(),
        FlexibleTimeWindow: { Mode: "OFF" },
        ActionAfterCompletion: "DELETE",
        Target: {
          Arn: `arn:aws:lambda:us-east-1:123456789012:function:${FunctionName}`,
          RoleArn: lookRoleArn,
          Input,
        },
      }),
    );
    await until(async () => (await isDenied()) || (await isPromoted(lane)));
    return (await isPromoted(lane)) ? "" : "nobody looked";
  },
};

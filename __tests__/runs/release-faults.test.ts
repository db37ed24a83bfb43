/** What makes a release impossible, or comes in its way: a named end, nothing half-moved, and the next one works. */

import {
  CreateEndpointConfigCommand,
  CreateModelPackageCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelPackageCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from "@aws-sdk/client-sagemaker";
import {
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  UpdateStateMachineCommand,
} from "@aws-sdk/client-sfn";
import { executionOutput } from "../../cli/execution/report";
import type { WorkflowProps } from "../../workflow/props";
import { until } from "../patience";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { smallWorkflow } from "./small-workflow";

const props = smallWorkflow("trouble", {
  smokeTest: { examples: [{ instances: [[1]], low: 0, high: 100 }] },
});

let cloud: TestCloud;
let workflow: TestWorkflow;
/** A version that can be released. */
let version: string;

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(props);
  await workflow.upload("raw-data/data.csv", "1\n");
  version = executionOutput(await workflow.run()).ModelPackageArn;
});

afterAll(() => cloud?.stop());
afterEach(() => cloud.inject());

async function endpoint() {
  return await cloud.aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName: "trouble-test" }));
}

function settled(): Promise<string> {
  return until(async () => {
    const { EndpointStatus, EndpointConfigName } = await endpoint();
    return EndpointStatus === "InService" ? EndpointConfigName : undefined;
  });
}

/** Whether the execution that runs has come to a state. */
async function entered(state: string): Promise<boolean> {
  const sfn = cloud.aws.sfn();
  const search = { stateMachineArn: workflow.stateMachineArn, statusFilter: "RUNNING" } as const;
  const { executions: [running] = [] } = await sfn.send(new ListExecutionsCommand(search));
  if (running === undefined) return false;
  const { executionArn } = running;
  const { events = [] } = await sfn.send(
    new GetExecutionHistoryCommand({ executionArn, reverseOrder: true }),
  );
  return events.some(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name === state);
}

async function releaseWorks(): Promise<void> {
  const result = await workflow.run();
  expect(failureOf(result)).toEqual(succeeded);
  expect(executionOutput(result).EndpointConfigName).toBe(await settled());
}

it("a version without metrics", async () => {
  const sagemaker = cloud.aws.sagemaker();
  const { ModelPackageGroupName, InferenceSpecification } = await sagemaker.send(
    new DescribeModelPackageCommand({ ModelPackageName: version }),
  );
  const made = { ModelPackageGroupName, InferenceSpecification, ModelApprovalStatus: "Approved" } as const;
  const { ModelPackageArn: unmeasured } = await sagemaker.send(new CreateModelPackageCommand(made));
  const before = await settled();
  const { error, cause } = failureOf(await workflow.release({ ModelPackageArn: unmeasured }));
  expect([error, cause.reason]).toEqual([
    "PackageUnusable",
    `${unmeasured} must have model quality metrics, but has none`,
  ]);
  expect(await settled()).toBe(before);
});

it("a version whose container image is gone", async () => {
  const before = await settled();
  await cloud.inject({
    operation: "sagemaker:CreateModel",
    error: "ValidationException",
    message: "Requested image 683313688378.dkr.ecr.us-east-1.amazonaws.com/gone:1 not found.",
    times: 0,
  });
  const { error, cause } = failureOf(await workflow.release({ ModelPackageArn: version }));
  expect([error, cause.reason]).toEqual(["DeploymentFailed", expect.stringContaining("gone:1 not found")]);
  await cloud.inject();
  expect(await settled()).toBe(before);
  await releaseWorks();
});

it("an endpoint that is deleted by hand before its release ends", async () => {
  // The smoke test is called again for a while, so that there is time to delete.
  await cloud.inject({
    operation: "lambda:InvokeFunction",
    match: "*-smoke-test*",
    error: "TooManyRequestsException",
    message: "Rate Exceeded.",
    times: 6,
  });
  const run = workflow.run();
  await until(() => entered("SmokeTest"));
  await workflow.deleteEndpoint("trouble-test");
  const { error, cause } = failureOf(await run);
  expect([error, cause.rollback]).toEqual([
    "RollbackFailed",
    expect.stringMatching(/^The endpoint is Absent: Could not find/),
  ]);
  await releaseWorks();
});

it("two releases at the same time: both end well, and one of their models serves", async () => {
  const results = await Promise.all([workflow.run(), workflow.run()]);
  expect(results.map(failureOf)).toEqual([succeeded, succeeded]);
  const configs = results.map((result) => executionOutput(result).EndpointConfigName);
  expect(configs).toContain(await settled());
});

it("an endpoint whose traffic several variants share is left alone until one is left", async () => {
  const sagemaker = cloud.aws.sagemaker();
  const { ProductionVariants: [variant] = [] } = await sagemaker.send(
    new DescribeEndpointConfigCommand({ EndpointConfigName: await settled() }),
  );
  const shared = { EndpointConfigName: "trouble-test-config-shared" };
  const challenger = { ...variant, VariantName: "challenger" };
  const variants = [variant, challenger] as never[];
  await sagemaker.send(new CreateEndpointConfigCommand({ ...shared, ProductionVariants: variants }));
  await sagemaker.send(new UpdateEndpointCommand({ ...shared, EndpointName: "trouble-test" }));
  expect(await settled()).toBe(shared.EndpointConfigName);
  const { error, cause } = failureOf(await workflow.run());
  expect([error, cause.reason]).toEqual([
    "ExperimentRunning",
    "2 production variants of the endpoint have traffic: end the A/B test with npm run experiment -- test stop",
  ]);
  expect([cause.state, cause.job]).toEqual(["ExperimentFound", undefined]);
  expect(await settled()).toBe(shared.EndpointConfigName);
  await sagemaker.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: "trouble-test",
      DesiredWeightsAndCapacities: [{ VariantName: "challenger", DesiredWeight: 0 }],
    }),
  );
  await settled();
  await releaseWorks();
});

describe("with a canary", () => {
  const guarded: WorkflowProps = { ...props, prefix: "guarded", endpoint: { initialInstanceCount: 2 } };
  let workflow: TestWorkflow;

  beforeAll(async () => {
    workflow = await cloud.deploy(guarded);
    await workflow.upload("raw-data/data.csv", "1\n");
    expect(failureOf(await workflow.run())).toEqual(succeeded);
  });

  it("an alarm that does not exist", async () => {
    const { error, cause } = failureOf(await workflow.run());
    expect([error, cause.reason]).toEqual([
      "DeploymentFailed",
      expect.stringContaining("guarded-test-endpoint-errors"),
    ]);
    await cloud.createEndpointAlarms(guarded);
    expect(failureOf(await workflow.run())).toEqual(succeeded);
  });
});

it("a variant that has another name in the new configuration", async () => {
  const renamed = { ...props, prefix: "renamed" };
  const first = await cloud.deploy(renamed);
  await first.upload("raw-data/data.csv", "1\n");
  expect(failureOf(await first.run())).toEqual(succeeded);
  const { stateMachineArn } = first;
  const sfn = cloud.aws.sfn();
  const { definition } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  const changed = definition?.replace('"VariantName": "primary"', '"VariantName": "main"');
  await sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: changed }));
  expect(failureOf(await first.run())).toEqual(succeeded);
  const { ProductionVariants } = await cloud.aws
    .sagemaker()
    .send(new DescribeEndpointCommand({ EndpointName: "renamed-test" }));
  expect(ProductionVariants?.map(({ VariantName }) => VariantName)).toEqual(["main"]);
});

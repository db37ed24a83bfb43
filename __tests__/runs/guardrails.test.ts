/** Updates of an endpoint with two instances, under traffic: a canary first, and back when it fails. */

import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { smallWorkflow } from "./small-workflow";

const props = smallWorkflow("canary", {
  endpoint: { initialInstanceCount: 2 },
});

let cloud: TestCloud;
let workflow: TestWorkflow;

beforeAll(async () => {
  cloud = await TestCloud.start();
  workflow = await cloud.deploy(props);
  await cloud.createEndpointAlarms(props);
  await workflow.upload("raw-data/data.csv", "1\n");
});

afterAll(() => cloud?.stop());

/** Runs the workflow while the endpoint is asked all the time, and counts the answers. */
async function runUnderTraffic(input: object) {
  const asked = { answered: 0, failed: 0 };
  let over = false;
  const caller = async () => {
    while (!over) {
      const ask = new InvokeEndpointCommand({ EndpointName: "canary-test", Body: "1" });
      await cloud.aws
        .runtime()
        .send(ask)
        .then(
          () => asked.answered++,
          () => asked.failed++,
        );
    }
  };
  const callers = [caller(), caller()];
  const result = await workflow.run(input);
  over = true;
  await Promise.all(callers);
  return { result, ...asked };
}

async function serving(): Promise<string | undefined> {
  const endpoint = await cloud.aws
    .sagemaker()
    .send(new DescribeEndpointCommand({ EndpointName: "canary-test" }));
  expect(endpoint.EndpointStatus).toBe("InService");
  return endpoint.EndpointConfigName;
}

it("is made at once, since nothing serves yet", async () => {
  expect(failureOf(await workflow.run())).toEqual(succeeded);
});

it("moves to a good model without losing a request", async () => {
  const before = await serving();
  const { result, answered, failed } = await runUnderTraffic({});
  expect(failureOf(result)).toEqual(succeeded);
  expect(await serving()).not.toBe(before);
  expect(failed).toBe(0);
  expect(answered).toBeGreaterThan(20);
});

it("goes back to the model before when the canary fails, and says why", async () => {
  const before = await serving();
  const { result, answered, failed } = await runUnderTraffic({ HyperParameters: { behave: "failing" } });
  const { error, cause } = failureOf(result);
  expect([error, cause.reason]).toEqual([
    "RolledBack",
    expect.stringMatching(/is InService .*, not InService with .*canary-test-endpoint-errors/),
  ]);
  expect(await serving()).toBe(before);
  expect(failed).toBeGreaterThan(0);
  // At most the share of the canary: one of two instances, for as long as it was in service.
  expect(failed).toBeLessThan(answered / 2);
});

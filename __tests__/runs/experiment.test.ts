/** A/B tests from start to stop: real traffic, rewards, and the controller on its schedule. */

import {
  ListEndpointConfigsCommand,
  ListModelsCommand,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import type { Environment } from "../../cli/account/environment";
import { planExperiment } from "../../cli/experiment/candidate";
import { findEndpoint } from "../../cli/experiment/endpoint";
import { statusOf } from "../../cli/experiment/experiment-status";
import type { Contender, ExperimentNumbers } from "../../cli/experiment/options";
import { runningExperiments } from "../../cli/experiment/schedules";
import { startExperiment } from "../../cli/experiment/start-experiment";
import { planStop, stopExperiment } from "../../cli/experiment/stop-experiment";
import { type ExperimentTarget, readDecision, resolveExperiments } from "../../cli/experiment/target";
import { findLeftovers, superseded } from "../../cli/leftovers/find";
import { removeLeftovers } from "../../cli/leftovers/remove";
import { leftoversText } from "../../cli/leftovers/text";
import { parseEnvironments } from "../../configuration/define";
import { type ExperimentDecision, experimentControllerName } from "../../workflow/experiments";
import type { WorkflowProps } from "../../workflow/props";
import { until } from "../patience";
import { failureOf, succeeded, TestCloud, type TestWorkflow } from "./cloud";
import { killInvoked } from "./processes";
import { smallWorkflow } from "./small-workflow";

const propsOf = (prefix: string, instances: number) =>
  smallWorkflow(prefix, {
    approval: "manual",
    endpoint: { initialInstanceCount: instances, capture: { percentage: 100 } },
  });
const numbers: ExperimentNumbers = {
  weight: 0.3,
  rewardRange: [0, 1],
  effect: 0.5,
  maxErrorRate: 0.02,
  maxLatency: 60_000,
  alpha: 0.05,
};
const waiting = { timeoutSeconds: 600, signal: new AbortController().signal };
const quietly = { silent: true };

let cloud: TestCloud;

beforeAll(async () => {
  cloud = await TestCloud.start();
});

afterAll(() => cloud?.stop());

/** A workflow with registered versions: 1 answers 42, 2 answers 43, 3 answers nothing. */
class Trial {
  private constructor(
    readonly workflow: TestWorkflow,
    readonly props: WorkflowProps,
    readonly environment: Environment,
  ) {}

  static async open(prefix: string, instances = 1): Promise<Trial> {
    const props = propsOf(prefix, instances);
    const workflow = await cloud.deploy(props);
    if (instances > 1) await cloud.createEndpointAlarms(props);
    await workflow.upload("raw-data/data.csv", "1\n");
    const config = parseEnvironments({ test: { region: "us-east-1" } }).test;
    const { baseName } = workflow;
    const connected = { name: "test", config, aws: cloud.aws, baseName, workflow: props };
    const environment = connected as Environment;
    const trial = new Trial(workflow, props, environment);
    for (const behave of ["well", "better", "failing"]) {
      expect(failureOf(await workflow.run({ HyperParameters: { behave } }))).toEqual(succeeded);
    }
    return trial;
  }

  target(): Promise<ExperimentTarget> {
    return resolveExperiments(this.environment, this.props, this.workflow.bucketName);
  }

  versionArn(version: number): string {
    return `arn:aws:sagemaker:us-east-1:123456789012:model-package/${this.workflow.baseName}/${version}`;
  }

  async approve(version: number): Promise<void> {
    const ModelPackageArn = this.versionArn(version);
    await cloud.aws
      .sagemaker()
      .send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: "Approved" }));
  }

  async release(version: number): Promise<void> {
    const result = await this.workflow.release({ ModelPackageArn: this.versionArn(version) });
    expect(failureOf(result)).toEqual(succeeded);
  }

  async start(version: number, name?: string): Promise<string> {
    const target = await this.target();
    const plan = await planExperiment(target, version, numbers, name);
    await startExperiment(target, plan, waiting, quietly);
    const { Experiment } = plan.event;
    // Traffic before the minute of its first check is not counted.
    await until(async () => await readDecision(target, Experiment));
    return Experiment;
  }

  async stop(winner?: Contender): Promise<void> {
    const target = await this.target();
    await stopExperiment(target, await planStop(target, winner), waiting, quietly);
  }

  /** Asks the endpoint; for each variant, whether its answers were right, or failed. */
  async ask(times: number): Promise<Record<string, { right: boolean[]; failed: number }>> {
    const answers: Record<string, { right: boolean[]; failed: number }> = {};
    let failed = 0;
    for (let n = 0; n < times; n++) {
      const EndpointName = this.workflow.baseName;
      const ask = new InvokeEndpointCommand({ EndpointName, Body: "1", InferenceId: `order-${n}` });
      try {
        const { Body, InvokedProductionVariant = "" } = await cloud.aws.runtime().send(ask);
        answers[InvokedProductionVariant] ??= { right: [], failed: 0 };
        const [prediction] = JSON.parse(Body.transformToString()).predictions;
        answers[InvokedProductionVariant]?.right.push(prediction === 43);
      } catch {
        failed++;
      }
    }
    return { ...answers, failed: { right: [], failed } };
  }

  /** Writes what predictions were worth, as docs/ab-tests.md says. */
  async reward(experiment: string, answers: Record<string, { right: boolean[] }>): Promise<void> {
    for (const [variant, { right }] of Object.entries(answers)) {
      const lines = right.map((good, n) =>
        JSON.stringify({ inferenceId: `order-${n}`, variant, reward: good ? 1 : 0 }),
      );
      if (lines.length === 0) continue;
      const { baseName } = this.workflow;
      await this.workflow.upload(`rewards/${baseName}/${experiment}/${variant}/1.jsonl`, lines.join("\n"));
    }
  }

  async decided(experiment: string): Promise<ExperimentDecision> {
    const target = await this.target();
    const decision = () => readDecision(target, experiment);
    return await until(async () => {
      const found = await decision();
      return found?.Final && found.Applied ? found : undefined;
    }, decision);
  }

  /** The variants that serve, with weight and version. */
  async serving(): Promise<string[]> {
    const endpoint = await findEndpoint(this.environment);
    return (endpoint?.variants ?? []).map(
      ({ name, weight, config }) => `${name} ${/-v(\d+)-/.exec(config.ModelName ?? "")?.[1]} ${weight}`,
    );
  }

  async names(): Promise<{ configs: string[]; models: string[] }> {
    const search = { NameContains: this.workflow.baseName };
    const sagemaker = cloud.aws.sagemaker();
    const { EndpointConfigs = [] } = await sagemaker.send(new ListEndpointConfigsCommand(search));
    const { Models = [] } = await sagemaker.send(new ListModelsCommand(search));
    return {
      configs: EndpointConfigs.map(({ EndpointConfigName = "" }) => EndpointConfigName).sort(),
      models: Models.map(({ ModelName = "" }) => ModelName).sort(),
    };
  }
}

describe("an A/B test", () => {
  let trial: Trial;

  beforeAll(async () => {
    trial = await Trial.open("trial");
  });

  it("is refused where nothing for tests is deployed, and says how to", async () => {
    await expect(trial.target()).rejects.toThrow("set its experiments: true in config.ts");
    await cloud.createExperiments(trial.props, trial.workflow);
    expect((await trial.target()).scheduleRoleArn).toContain("role/trial-test-look-");
  });

  it("is refused for what cannot be tried, before anything is made", async () => {
    await expect(trial.start(2)).rejects.toThrow("The endpoint trial-test does not exist yet");
    await trial.approve(1);
    await trial.release(1);
    const before = await trial.names();
    await expect(trial.start(1)).rejects.toThrow("Version 1 is already in service");
    await expect(trial.start(9)).rejects.toThrow("The version must be one of 3, 2, 1, got 9");
    await expect(trial.start(2)).rejects.toThrow(
      "Version 2 must be Completed and Approved, got Completed and PendingManualApproval",
    );
    await expect(trial.stop()).rejects.toThrow("No A/B test is running in test");
    expect(await trial.names()).toEqual(before);
    await trial.approve(2);
    await trial.approve(3);
  });

  it("goes on when its start was interrupted", async () => {
    await cloud.inject({ operation: "scheduler:CreateSchedule", error: "InternalServerException", times: 0 });
    await expect(trial.start(2)).rejects.toThrow();
    await cloud.inject();
    expect(await trial.serving()).toEqual(["primary 1 0.7", "challenger 2 0.3"]);
    const before = await trial.names();
    expect(await trial.start(2)).toBe("v2-against-v1");
    expect(await trial.names()).toEqual(before);
    await expect(trial.start(2)).rejects.toThrow("The test v2-against-v1 is running");
  });

  it("promotes a better challenger: both answer, and the controller decides by their rewards", async () => {
    expect(await statusOf(await trial.target())).toContain("A/B test v2-against-v1 is running");
    const answers = await trial.ask(200);
    expect(answers.primary?.right.length).toBeGreaterThan(100);
    expect(answers.challenger?.right.length).toBeGreaterThan(30);
    // The capture of the configuration before goes on, for each variant by itself.
    for (const variant of ["primary", "challenger"]) {
      const sent = async () =>
        (await trial.workflow.captured(variant)).filter(({ eventMetadata }) =>
          eventMetadata.inferenceId?.startsWith("order-"),
        );
      await until(async () => (await sent()).length === answers[variant]?.right.length);
    }
    // A check that is killed is made up for by its retry, or by the next one.
    await killInvoked(cloud, experimentControllerName(trial.props), () =>
      trial.reward("v2-against-v1", answers),
    );
    const decision = await trial.decided("v2-against-v1");
    expect(decision).toMatchObject({ Verdict: "promote", Winner: "challenger" });
    expect(decision.Variants.primary?.Rewards).toBe(answers.primary?.right.length);
    expect(await trial.serving()).toEqual(["primary 1 0", "challenger 2 1"]);
    const text = await statusOf(await trial.target());
    expect(text).toContain("verdict  the challenger is better and gets all traffic");
    expect(text).toMatch(
      /challenger: \d+ requests, 0 errors, .* rewards of 1 on average, \+1 compared with the champion/,
    );
    expect(text).toContain("npm run experiment -- test stop");
  });

  it("keeps what it needs from being called superseded", async () => {
    const all = await findLeftovers(trial.environment);
    expect(leftoversText(all)).toMatch(/^ {2}running A\/B test {8}v2-against-v1$/m);
    const found = await superseded(trial.environment, all);
    expect(found.experiments).toEqual([]);
    expect(found.models).toEqual([]);
    expect(found.endpointConfigs.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^trial-test-config-v1-/),
    ]);
  });

  it("leaves the winner alone when it is stopped, and the next release works", async () => {
    await trial.stop();
    expect(await trial.serving()).toEqual(["primary 2 1"]);
    const left = await trial.names();
    expect(left.configs).toEqual([
      expect.stringMatching(/-config-v1-/),
      expect.stringMatching(/-config-v2-/),
    ]);
    // The release took the test's model, whose name it would have given itself.
    expect(left.models).toEqual([expect.stringMatching(/-model-v1-/), expect.stringMatching(/-model-v2-/)]);
    await expect(trial.stop()).rejects.toThrow("No A/B test is running");
    await trial.release(1);
    expect(await trial.serving()).toEqual(["primary 1 1"]);
  });

  it("is rolled back when the challenger fails, and leaves nothing of it", async () => {
    const name = await trial.start(3, "doomed");
    const { failed } = await trial.ask(120);
    expect(failed?.failed).toBeGreaterThan(10);
    const decision = await trial.decided(name);
    expect(decision).toMatchObject({ Verdict: "rollBack", Winner: "primary" });
    expect(decision.Reasons[0]).toContain("challenger fails too often");
    expect((await trial.ask(20)).failed?.failed).toBe(0);
    await trial.stop();
    expect(await trial.serving()).toEqual(["primary 1 1"]);
    const { configs, models } = await trial.names();
    expect([configs.length, models.length]).toEqual([2, 2]);
    await expect(trial.start(2, "doomed")).rejects.toThrow(
      "--name must be new, but a test doomed already existed",
    );
  });

  it("gets another name when the same versions meet again, and ends as one asks", async () => {
    expect(await trial.start(2)).toBe("v2-against-v1-2");
    await trial.stop("challenger");
    expect(await trial.serving()).toEqual(["primary 2 1"]);
  });

  it("goes with everything else, its schedule first", async () => {
    await trial.start(1);
    const told: string[] = [];
    await removeLeftovers(trial.environment, await findLeftovers(trial.environment), (line) =>
      told.push(line),
    );
    expect(told[0]).toBe("Deleted the schedule of the A/B test v1-against-v2");
    expect(await runningExperiments(trial.environment)).toEqual([]);
    expect(await trial.names()).toEqual({ configs: [], models: [] });
  });
});

it("ends on an endpoint of two instances, which is released to by a canary", async () => {
  const trial = await Trial.open("pair", 2);
  await cloud.createExperiments(trial.props, trial.workflow);
  await trial.approve(1);
  await trial.approve(2);
  await trial.release(1);
  await trial.start(2);
  expect((await findEndpoint(trial.environment))?.variants.map((v) => v.instanceCount)).toEqual([2, 2]);
  await trial.stop("challenger");
  expect(await trial.serving()).toEqual(["primary 2 1"]);
  expect((await trial.names()).configs).toEqual([
    expect.stringMatching(/-config-v1-/),
    expect.stringMatching(/-config-v2-/),
  ]);
});

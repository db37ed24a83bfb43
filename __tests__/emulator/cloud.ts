import { PutObjectCommand } from "@aws-sdk/client-s3";
import { Aws } from "../../cli/aws";
import { EmulatorProcess } from "../../cli/emulator-process";
import { type ExecutionResult, startExecution, watchExecution } from "../../cli/execution";
import { createLocalResources, type LocalWorkflow } from "../../cli/local-resources";
import { prepareEnvironments } from "../../cli/python";
import type { ExecutionInput } from "../../workflow/execution-input";
import type { WorkflowProps } from "../../workflow/props";

/** An emulator of a test's own, with short waits. */
export class TestCloud {
  private constructor(
    readonly emulator: EmulatorProcess,
    readonly aws: Aws,
  ) {}

  static async start(): Promise<TestCloud> {
    const { emulator } = await prepareEnvironments(["emulator", "scikit-learn-1.2-1"]);
    const process = await EmulatorProcess.start(emulator?.python as string, { timeScale: 0.02 });
    const { endpoint, region } = process.address;
    return new TestCloud(process, new Aws({ endpoint, region }));
  }

  async deploy(props: WorkflowProps): Promise<TestWorkflow> {
    const resources = await createLocalResources(this.aws, this.emulator.address, props);
    return new TestWorkflow(this.aws, resources);
  }

  /** Replaces the faults that the emulator injects. */
  async inject(...faults: object[]): Promise<void> {
    const response = await fetch(`${this.emulator.address.endpoint}/_emulator/faults`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ faults }),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  stop(): Promise<void> {
    return this.emulator.stop();
  }
}

/** A deployed workflow under test. */
export class TestWorkflow {
  private runs = 0;

  constructor(
    private readonly aws: Aws,
    readonly resources: LocalWorkflow,
  ) {}

  async upload(key: string, body: string): Promise<void> {
    await this.aws
      .s3()
      .send(new PutObjectCommand({ Bucket: this.resources.bucketName, Key: key, Body: body }));
  }

  /** Runs the workflow to its end. */
  async run(input: object = {}, name = `run-${++this.runs}`): Promise<ExecutionResult> {
    const { stateMachineArn } = this.resources;
    const arn = await startExecution(this.aws.sfn(), stateMachineArn, name, input as ExecutionInput);
    return await watchExecution(this.aws.sfn(), arn, { timeoutSeconds: 120, pollMilliseconds: 100 });
  }
}

/** Error and cause of an execution that failed. */
export function failureOf({ description }: ExecutionResult) {
  const { status, error, cause = "{}" } = description;
  return { status, error, cause: JSON.parse(cause) as Record<string, unknown> };
}

/** Jobs that the state `name` ran. */
export function jobsOf({ visits }: ExecutionResult, name: string): string[] {
  return visits.flatMap((visit) => (visit.name === name && visit.job !== undefined ? [visit.job] : []));
}

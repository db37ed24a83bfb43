import { ListRolesCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { DeleteEndpointCommand, DeleteModelCommand, ListModelsCommand } from "@aws-sdk/client-sagemaker";
import { DescribeStateMachineCommand, UpdateStateMachineCommand } from "@aws-sdk/client-sfn";
import { Aws } from "../../cli/account/clients";
import { resolveTarget } from "../../cli/account/deployed-workflow";
import { callEmulator, emulatorVariables } from "../../cli/account/emulator-address";
import { readText } from "../../cli/account/objects";
import { createLocalAlarms } from "../../cli/emulator/alarms";
import { EmulatorProcess } from "../../cli/emulator/process";
import { imageEnvironment, prepareEnvironments } from "../../cli/emulator/python";
import { createLocalResources, uploadCode } from "../../cli/emulator/resources";
import { type ExecutionResult, startExecution, watchExecution } from "../../cli/execution/execution";
import { scriptKey } from "../../source-files";
import type { ExecutionInput } from "../../workflow/execution-input";
import { resultsCacheFunction } from "../../workflow/functions";
import { policyDocument } from "../../workflow/iam";
import { imageRepositoryArn } from "../../workflow/image";
import { baseName } from "../../workflow/names";
import { prefixes } from "../../workflow/prefixes";
import { type WorkflowProps, workflowSettings } from "../../workflow/props";
import { releaseStateMachine, workflowStateMachine } from "../../workflow/resources";
import type { Workflow } from "../../workflow/settings";
import { callService } from "./call-service";
import { createExperiments } from "./experiments-cloud";

/** An emulator of a test's own, with short waits. */
export class TestCloud {
  private constructor(
    private readonly emulator: EmulatorProcess,
    readonly aws: Aws,
  ) {}

  /** @param mocks a file with answers of tasks (docs/emulator.md) */
  static async start(mocks?: string): Promise<TestCloud> {
    const { emulator } = await prepareEnvironments(["emulator", imageEnvironment]);
    const process = await EmulatorProcess.start(emulator?.python as string, { timeScale: 0.02, mocks });
    return new TestCloud(process, new Aws(process.connection));
  }

  /** What each role was allowed and denied until now. */
  async audit(): Promise<RoleAudit[]> {
    const response = await callEmulator(this.emulator.connection, "/_emulator/audit");
    return ((await response.json()) as { roles: RoleAudit[] }).roles;
  }

  /** Makes the alarms of a workflow's endpoint, which come with Terraform otherwise. */
  async createEndpointAlarms(props: WorkflowProps): Promise<void> {
    await createLocalAlarms(this.aws, workflowSettings(props, scriptKey));
  }

  async deploy(props: WorkflowProps, kmsKeyArn?: string): Promise<TestWorkflow> {
    const { stateMachineArn, bucketName } = await createLocalResources(
      this.aws,
      this.emulator.address,
      props,
      kmsKeyArn,
    );
    return new TestWorkflow(this.aws, stateMachineArn, bucketName, baseName(props));
  }

  /** Deploys other props of the same workflow: its definitions and code change, and what its states and its cache may do. */
  async redeploy(props: WorkflowProps, { stateMachineArn, bucketName }: TestWorkflow): Promise<void> {
    const sfn = this.aws.sfn();
    const iam = this.aws.iam();
    const { roleArn = "", definition = "" } = await sfn.send(
      new DescribeStateMachineCommand({ stateMachineArn }),
    );
    const { States } = JSON.parse(definition);
    const releaseArn = `${stateMachineArn}-release`;
    const release = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: releaseArn }));
    const imageUri = props.image?.uri ?? States.ModelTraining.Arguments.AlgorithmSpecification.TrainingImage;
    const described = {
      settings: workflowSettings(props, scriptKey),
      references: {
        partition: "aws",
        region: this.emulator.address.region,
        account: this.emulator.address.account,
        bucketName,
        dataBucketName: bucketName,
        imageUri,
        imageRepositoryArn: imageRepositoryArn(imageUri, "aws"),
        roleArns: {
          prep: States.DataPreprocessing.Arguments.RoleArn,
          train: States.ModelTraining.Arguments.RoleArn,
          compare: States.ModelComparison?.Arguments.RoleArn,
          serving: JSON.parse(release.definition ?? "{}").States.CreateModel.Arguments.ExecutionRoleArn,
        },
        evaluationFunctionVersionArn: States.ModelEvaluation.Arguments.FunctionName,
        smokeTestFunctionVersionArn: States.SmokeTest?.Arguments.FunctionName,
        resultsCacheFunctionVersionArn: States.FindEarlierProcessing?.Arguments.FunctionName,
      },
    };
    await uploadCode(this.aws, bucketName, props);
    if (props.cache !== false) await this.#putCacheRole(described);
    for (const [arn, role, machine] of [
      [stateMachineArn, roleArn, workflowStateMachine(described)],
      [releaseArn, release.roleArn ?? "", releaseStateMachine(described)],
    ] as const) {
      await iam.send(
        new PutRolePolicyCommand({
          RoleName: role.split("/").at(-1),
          PolicyName: "permissions",
          PolicyDocument: JSON.stringify(policyDocument(machine.role.policyStatements)),
        }),
      );
      await sfn.send(new UpdateStateMachineCommand({ stateMachineArn: arn, definition: machine.definition }));
    }
  }

  async #putCacheRole({ settings, references }: Workflow): Promise<void> {
    const { role } = resultsCacheFunction(settings, references);
    const iam = this.aws.iam();
    const { Roles = [] } = await iam.send(new ListRolesCommand({}));
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: Roles.find(({ RoleName }) => RoleName?.startsWith(role.namePrefix))?.RoleName,
        PolicyName: "permissions",
        PolicyDocument: JSON.stringify(policyDocument(role.policyStatements)),
      }),
    );
  }

  /** Deletes every model whose name begins so. */
  async deleteModels(start: string): Promise<void> {
    const { Models = [] } = await this.aws.sagemaker().send(new ListModelsCommand({ NameContains: start }));
    for (const { ModelName } of Models) {
      if (!ModelName?.startsWith(start)) continue;
      await this.aws.sagemaker().send(new DeleteModelCommand({ ModelName }));
    }
  }

  /** Makes what A/B tests of a deployed workflow need; decisions go to the topic, too. */
  async createExperiments(
    props: WorkflowProps,
    { bucketName }: TestWorkflow,
    more: { kmsKeyArn?: string; topicArn?: string } = {},
  ): Promise<void> {
    await createExperiments(this.aws, this.emulator.address, props, { bucketName, ...more });
  }

  /** Makes an SNS topic, and returns its ARN. */
  async createTopic(name: string): Promise<string> {
    const request = new URLSearchParams({ Action: "CreateTopic", Version: "2010-03-31", Name: name });
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const text = await callService(this.aws, "sns", headers, `${request}`);
    const [, arn] = /<TopicArn>(.*)<\/TopicArn>/.exec(text) ?? [];
    if (arn === undefined) throw new Error(`The topic ${name} was not made`);
    return arn;
  }

  /** Replaces the faults that the emulator injects. */
  async inject(...faults: object[]): Promise<void> {
    const response = await callEmulator(this.emulator.connection, "/_emulator/faults", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ faults }),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  /** Variables with which the project's commands find this emulator. */
  get variables(): Readonly<Record<string, string>> {
    return emulatorVariables(this.emulator.connection);
  }

  stop(): Promise<void> {
    return this.emulator.stop();
  }
}

/** What a role was allowed and denied, as the emulator counts it. */
interface RoleAudit {
  readonly name: string;
  readonly uses: readonly {
    readonly action: string;
    readonly resource: string;
    readonly allowed: number;
    readonly denied: number;
  }[];
}

/** A line of a captured file. */
interface CapturedRequest {
  readonly captureData: Readonly<Record<"endpointInput" | "endpointOutput", { readonly data: string }>>;
  readonly eventMetadata: { readonly inferenceId?: string };
}

/** A deployed workflow under test. */
export class TestWorkflow {
  private runs = 0;
  private readonly started = Date.now();

  constructor(
    readonly aws: Aws,
    readonly stateMachineArn: string,
    readonly bucketName: string,
    readonly baseName: string,
  ) {}

  /** The workflow that a deploy has put into the account of environment `env`. */
  static async deployedTo(env: string): Promise<TestWorkflow> {
    const { aws, stateMachineArn, bucketName, baseName } = await resolveTarget(env);
    return new TestWorkflow(aws, stateMachineArn, bucketName, baseName);
  }

  async upload(key: string, body: string): Promise<void> {
    await this.aws.s3().send(new PutObjectCommand({ Bucket: this.bucketName, Key: key, Body: body }));
  }

  async remove(key: string): Promise<void> {
    await this.aws.s3().send(new DeleteObjectCommand({ Bucket: this.bucketName, Key: key }));
  }

  /** The captured requests of a variant of the stable endpoint, as far as they are written. */
  async captured(variant = "primary"): Promise<CapturedRequest[]> {
    const Bucket = this.bucketName;
    const Prefix = `${prefixes.dataCapture}${this.baseName}/${variant}/`;
    const { Contents = [] } = await this.aws.s3().send(new ListObjectsV2Command({ Bucket, Prefix }));
    const texts = Contents.map(({ Key = "" }) => readText(this.aws, { Bucket, Key }));
    const lines = (await Promise.all(texts)).flatMap((text) => text?.trim().split("\n") ?? []);
    return lines.map((line) => JSON.parse(line));
  }

  /** Runs the workflow to its end. */
  async run(input: object = {}): Promise<ExecutionResult> {
    const name = `test-${this.started}-${++this.runs}`;
    const arn = await startExecution(this.aws.sfn(), this.stateMachineArn, name, input as ExecutionInput);
    const pollMilliseconds = this.aws.isEmulator ? 200 : 5000;
    return await watchExecution(this.aws.sfn(), arn, { timeoutSeconds: 3600, pollMilliseconds });
  }

  /** Releases a registered version to its end. */
  async release(input: object): Promise<ExecutionResult> {
    const name = `release-${this.started}-${++this.runs}`;
    const arn = await startExecution(
      this.aws.sfn(),
      `${this.stateMachineArn}-release`,
      name,
      input as ExecutionInput,
    );
    return await watchExecution(this.aws.sfn(), arn, { timeoutSeconds: 600, pollMilliseconds: 200 });
  }

  async deleteEndpoint(EndpointName: string): Promise<void> {
    await this.aws.sagemaker().send(new DeleteEndpointCommand({ EndpointName }));
  }
}

/** Status, error and cause of an execution. */
export function failureOf({ description }: ExecutionResult) {
  const { status, error, cause = "{}" } = description;
  return { status, error, cause: JSON.parse(cause) as Record<string, unknown> };
}

export const succeeded = { status: "SUCCEEDED", error: undefined, cause: {} };

/** Jobs that the state `name` ran. */
export function jobsOf({ visits }: ExecutionResult, name: string): string[] {
  return visits.flatMap((visit) => (visit.name === name && visit.job !== undefined ? [visit.job] : []));
}

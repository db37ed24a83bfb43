import { longestDeploymentSeconds } from "./asl/retries";
import { checkedRollbackAlarms } from "./endpoint/guardrails";
import { type EndpointProps, endpointSettings } from "./endpoint/kinds";
import { type GateProps, gateSettings } from "./gate";
import type { ImageProps } from "./image";
import type { NameScope } from "./names";
import {
  type JobSettings,
  prefixes,
  type SmokeTest,
  type SmokeTestExample,
  type VpcSettings,
  type WorkflowSettings,
} from "./settings";
import { longestJobSeconds } from "./steps/job";

/** A script: a folder of code, and the file in it that starts. A `requirements.txt` in the folder is installed. */
export interface ScriptProps {
  /** Path of the folder, relative to the project. */
  readonly folder: string;
  /** File name inside the folder. */
  readonly entryPoint: string;
}

/** What a job runs on. */
export interface JobProps extends ScriptProps {
  /** @default "ml.m5.large" */
  readonly instanceType?: string;
  /** @default 1 */
  readonly instanceCount?: number;
  /** @default 30 */
  readonly volumeSizeInGB?: number;
  /** @default 3600 */
  readonly maxRuntimeInSeconds?: number;
}

/** What someone with scripts of their own says to get their own workflow; `docs/own-workflow.md` shows one. */
export interface WorkflowProps extends NameScope {
  /**
   * Gets `--input-data` and `--output-data`; writes `train/` and `test/` into the output folder.
   */
  readonly processing: JobProps & {
    /**
     * More arguments for the script.
     *
     * @default - none
     */
    readonly arguments?: readonly string[];
  };
  /**
   * Runs in SageMaker's script mode: channels `train`, `test` and `code`, hyperparameters as arguments. Writes
   * evaluation.json into SM_OUTPUT_DATA_DIR, and unpacks the tar.gz of channel `code` into `code/` of SM_MODEL_DIR.
   */
  readonly training: JobProps & {
    /**
     * Arguments of the script, by name without dashes. An execution's input may replace the values of these.
     *
     * @default - none
     */
    readonly hyperparameters?: Readonly<Record<string, string | number | boolean>>;
    /**
     * Metrics that the script prints as `<name>: <number>`, for SageMaker to record.
     *
     * @default - none
     */
    readonly metrics?: readonly string[];
  };
  /**
   * Compares a new model with the one that serves, on the same held-out data. Gets `--challenger` and, unless nothing
   * serves yet, `--champion` with a model.tar.gz in it, `--test-data`, what preprocessing wrote into `holdout/`,
   * `--output` and `--metric`; writes comparison.json.
   *
   * @default - only the gate's threshold decides
   */
  readonly comparison?: JobProps & {
    /** @default - none */
    readonly arguments?: readonly string[];
  };
  /** Serves the model: model_fn, input_fn, predict_fn and output_fn, or transform_fn. */
  readonly inference: ScriptProps;
  /**
   * Only a model whose metric, a key of its evaluation.json, is greater than the threshold is released, or smaller
   * where that is `better`. With a comparison its improvement must be greater than the margin, too, by the lower bound
   * of the confidence interval; an improvement is positive in either direction.
   */
  readonly gate: GateProps;
  /**
   * Whether the execution that trained a model releases it, or a person approves it first.
   *
   * @default "automatic"
   */
  readonly approval?: WorkflowSettings["approval"];
  /**
   * The endpoint and its one production variant: on instances, or serverless (docs/endpoints.md).
   *
   * @default - one ml.t2.medium, variant "primary"
   */
  readonly endpoint?: EndpointProps;
  /**
   * Names of alarms that you have made, such as one on orders, that roll back an update with a canary, as ours do.
   *
   * @default - only the alarms on errors and latency of the endpoint
   */
  readonly rollbackAlarms?: readonly string[];
  /**
   * What a model is asked once it serves. One that does not answer, or outside of the ranges, is taken back.
   *
   * @default - nothing is asked
   */
  readonly smokeTest?: SmokeTest;
  /**
   * Endpoint configurations, with their models, that a release keeps, newest first; those that serve are always kept.
   * Any registered version can be released again: its model is made anew.
   *
   * @default 5
   */
  readonly retainedReleases?: number;
  /**
   * The container image of jobs and endpoint: an AWS one by its tag, or any by its address.
   *
   * @default - `defaultImage`, AWS's own for scikit-learn
   */
  readonly image?: ImageProps;
  /**
   * Where the raw data lies.
   *
   * @default - under `raw-data/` of the artifact bucket
   */
  readonly data?: {
    /** @default - the artifact bucket */
    readonly bucketName?: string;
    /** Ends with `/`. */
    readonly prefix: string;
  };
  /**
   * Subnets and security groups of jobs and endpoint.
   *
   * @default - a network of SageMaker's own, with a way to the internet
   */
  readonly vpc?: VpcSettings;
  /**
   * More tags on everything, what executions create included.
   *
   * @default - workflow, environment and, for what an execution creates, execution
   */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Limit for one execution as a whole.
   *
   * @default - what all attempts of both jobs and the longest deployment may take, and an hour
   */
  readonly timeoutSeconds?: number;
}

/** Releases that are kept, unless the props say otherwise. */
const defaultRetainedReleases = 5;

/**
 * Fills in the defaults.
 *
 * @param scriptKey gives the key, with its content hash, under which a script's folder lies in the artifact bucket
 * @throws Error when a value can't work; it names the prop
 */
export function workflowSettings(
  props: WorkflowProps,
  scriptKey: (script: ScriptProps) => string,
): WorkflowSettings {
  const { prefix, environment, gate } = props;
  const dataPrefix = rawDataPrefix(props);
  if (!/^[^/].*\/$/.test(dataPrefix)) {
    throw new Error(`data.prefix must end with / and not start with it, got "${dataPrefix}"`);
  }
  const job = (name: JobName): JobSettings => ({
    ...jobSettings(name, props[name] as JobProps),
    codeKey: scriptKey(props[name] as JobProps),
  });
  const processing = { ...job("processing"), arguments: props.processing.arguments ?? [] };
  const training = {
    ...job("training"),
    hyperparameters: stringValues(props.training.hyperparameters ?? {}),
    metrics: props.training.metrics ?? [],
  };
  const comparison = props.comparison && {
    ...job("comparison"),
    arguments: props.comparison.arguments ?? [],
  };
  const endpoint = endpointSettings(props.endpoint, props.vpc !== undefined);
  const longest =
    longestJobSeconds(processing.maxRuntimeInSeconds) +
    (comparison === undefined ? 0 : longestJobSeconds(comparison.maxRuntimeInSeconds)) +
    longestJobSeconds(training.maxRuntimeInSeconds) +
    longestDeploymentSeconds;
  return {
    prefix,
    environment,
    processing,
    training,
    comparison,
    inference: { codeKey: scriptKey(props.inference), entryPoint: props.inference.entryPoint },
    gate: gateSettings(gate),
    approval: props.approval ?? "automatic",
    endpoint,
    rollbackAlarms: checkedRollbackAlarms(props.rollbackAlarms ?? [], { endpoint }),
    smokeTest: props.smokeTest && checkedSmokeTest(props.smokeTest),
    retainedReleases: atLeastOne("retainedReleases", props.retainedReleases ?? defaultRetainedReleases),
    vpc: props.vpc,
    tags: props.tags ?? {},
    dataPrefix,
    timeoutSeconds: atLeastOne("timeoutSeconds", props.timeoutSeconds ?? longest + 3600),
  };
}

/** The folders of code, each once. */
export function scriptFolders({ processing, training, comparison, inference }: WorkflowProps): string[] {
  const scripts = [processing, training, inference, ...(comparison === undefined ? [] : [comparison])];
  return [...new Set(scripts.map(({ folder }) => folder))];
}

/** The prefix under which the raw data lies. */
export function rawDataPrefix({ data }: WorkflowProps): string {
  return data?.prefix ?? prefixes.rawData;
}

/** The state machine sends the examples with each release: a few are enough. */
function checkedSmokeTest(smokeTest: SmokeTest): SmokeTest {
  const { examples } = smokeTest;
  if (examples.length < 1 || examples.length > 100) {
    throw new Error(`smokeTest.examples must be 1 to 100 examples, got ${examples.length}`);
  }
  for (const [index, example] of examples.entries()) checkExample(`smokeTest.examples[${index}]`, example);
  const bytes = JSON.stringify(examples).length;
  if (bytes > 64_000) throw new Error(`smokeTest.examples must have at most 64,000 characters, got ${bytes}`);
  return smokeTest;
}

function checkExample(place: string, example: SmokeTestExample): void {
  const { instances } = example;
  if (instances.length === 0) throw new Error(`${place}.instances must not be empty`);
  if ("expected" in example) {
    const { expected } = example;
    if (expected.length !== instances.length) {
      throw new Error(
        `${place}.expected must have one value for each of the ${instances.length} instances, got ${expected.length}`,
      );
    }
    return;
  }
  const { low, high } = example;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high)) {
    throw new Error(`${place}: low and high must be numbers, low not above high, got ${low} and ${high}`);
  }
}

type JobName = "processing" | "training" | "comparison";

function jobSettings(name: JobName, job: JobProps): Omit<JobSettings, "codeKey"> {
  return {
    entryPoint: job.entryPoint,
    instanceType: job.instanceType ?? "ml.m5.large",
    instanceCount: atLeastOne(`${name}.instanceCount`, job.instanceCount ?? 1),
    volumeSizeInGB: atLeastOne(`${name}.volumeSizeInGB`, job.volumeSizeInGB ?? 30),
    maxRuntimeInSeconds: atLeastOne(`${name}.maxRuntimeInSeconds`, job.maxRuntimeInSeconds ?? 3600),
  };
}

function atLeastOne(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`${name} must be a whole number of 1 or more, got ${value}`);
  }
  return value;
}

/** SageMaker takes hyperparameters as strings, and keeps names that start with `sagemaker_` to itself. */
function stringValues(
  hyperparameters: Readonly<Record<string, string | number | boolean>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(hyperparameters).map(([name, value]) => {
      if (name.startsWith("sagemaker_")) {
        throw new Error(`training.hyperparameters: ${name} is SageMaker's own; leave it out`);
      }
      return [name, String(value)];
    }),
  );
}

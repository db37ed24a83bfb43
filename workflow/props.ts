import { longestDeploymentSeconds } from "./asl/retries";
import { checkRawData } from "./endpoint/capture";
import { checkedRollbackAlarms } from "./endpoint/guardrails";
import { captureOf, type EndpointProps, type EndpointSettings, endpointSettings } from "./endpoint/kinds";
import { type GateProps, gateSettings } from "./gate";
import type { ImageProps } from "./image";
import { atLeastOne, type JobName, type JobProps, jobSettings, type ScriptProps } from "./job-props";
import { type MonitorProps, monitorSettings } from "./monitoring/monitor";
import type { NameScope } from "./names";
import { prefixes } from "./prefixes";
import { type RetrainingProps, retrainingSettings } from "./retraining/retraining";
import type {
  CacheSettings,
  JobSettings,
  SmokeTest,
  SmokeTestExample,
  VpcSettings,
  WorkflowSettings,
} from "./settings";
import { longestAttemptSeconds, longestJobSeconds } from "./steps/job";
import {
  longestTrainingJobSeconds,
  type TrainingInstancesProps,
  trainingInstances,
} from "./training-instances";
import { longestTuningSeconds, tuningSettings } from "./tuning/checks";
import type { TuningProps, TuningSettings } from "./tuning/props";

/** The props of a workflow with your own scripts; `docs/own-workflow.md` shows an example. */
export interface WorkflowProps extends NameScope {
  /**
   * Gets `--input-data` and `--output-data`; writes `train/` and `test/` to the output folder.
   */
  readonly processing: JobProps & {
    /**
     * Additional arguments of the script.
     *
     * @default - none
     */
    readonly arguments?: readonly string[];
  };
  /**
   * Runs in SageMaker's script mode: channels `train`, `test` and `code`, hyperparameters as arguments. Writes
   * evaluation.json to SM_OUTPUT_DATA_DIR, and unpacks the tar.gz of channel `code` to `code/` in SM_MODEL_DIR.
   */
  readonly training: JobProps &
    TrainingInstancesProps & {
      /**
       * Arguments of the script, by name without dashes. An execution's input may override their values.
       *
       * @default - none
       */
      readonly hyperparameters?: Readonly<Record<string, string | number | boolean>>;
      /**
       * Metrics that the script prints as `<name>: <number>` and SageMaker records.
       *
       * @default - none
       */
      readonly metrics?: readonly string[];
    };
  /**
   * Searches hyperparameters with a tuning job, whose best training job goes on as a single one does (docs/tuning.md). An
   * execution's input may switch it off.
   *
   * @default - one training job
   */
  readonly tuning?: TuningProps;
  /**
   * Compares a new model with the one in service, on the same held-out data. Gets `--challenger` and, if a model is in
   * service, `--champion`, each with a model.tar.gz, `--test-data` with the `holdout/` of preprocessing, `--output` and
   * `--metric`; writes comparison.json.
   *
   * @default - only the gate's threshold decides
   */
  readonly comparison?: JobProps & {
    /** @default - none */
    readonly arguments?: readonly string[];
  };
  /**
   * Judges what the endpoint has captured: drift, lost quality, silence (docs/monitoring.md). Only where the endpoint
   * captures requests.
   *
   * @default - no monitor
   */
  readonly monitor?: MonitorProps;
  /**
   * Decides on reasons to run the workflow again (docs/retraining.md); `{}` for the defaults.
   *
   * @default - the workflow is started by hand or by its schedule only
   */
  readonly retraining?: RetrainingProps;
  /**
   * Preprocessing, training and tuning are skipped when nothing that they depend on has changed: the result of an earlier
   * job is used (docs/cache.md). `false`: every execution runs its jobs. `maxAgeInDays`: older results are not used;
   * `null` means no limit.
   *
   * @default - results of the last 30 days are used
   */
  readonly cache?: false | { readonly maxAgeInDays?: number | null };
  /** Serves the model: model_fn, input_fn, predict_fn and output_fn, or transform_fn. */
  readonly inference: ScriptProps;
  /**
   * Only a model whose metric, a key of its evaluation.json, is greater than the threshold, or smaller if that is
   * `better`, is released. With a comparison, the lower bound of its improvement must also exceed the margin; an
   * improvement is positive in either direction.
   */
  readonly gate: GateProps;
  /**
   * Whether the execution that trained a model releases it, or it waits for manual approval.
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
   * Names of alarms of yours, such as one on orders, that also roll back an update with a canary.
   *
   * @default - only the alarms on errors and latency of the endpoint
   */
  readonly rollbackAlarms?: readonly string[];
  /**
   * Examples to send to a model in service. A model that does not respond as expected is rolled back.
   *
   * @default - no smoke test
   */
  readonly smokeTest?: SmokeTest;
  /**
   * How many of the newest endpoint configurations, with their models, a release keeps; those in use are always kept.
   * Any registered version can be released again: its model is recreated.
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
   * The location of the raw data.
   *
   * @default - `raw-data/` in the artifact bucket
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
   * @default - SageMaker's own network, with internet access
   */
  readonly vpc?: VpcSettings;
  /**
   * Additional tags on everything, including what executions create.
   *
   * @default - workflow, environment and, for what an execution creates, execution
   */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Time limit of one whole execution.
   *
   * @default - the time for all attempts of all jobs, their waits and the longest deployment, plus an hour
   */
  readonly timeoutSeconds?: number;
}

/** Default age in days up to which results are used again. */
const defaultMaxAgeInDays = 30;

/** Default number of releases to keep. */
const defaultRetainedReleases = 5;

/**
 * Fills in the defaults.
 *
 * @param scriptKey returns the key of a script's folder in the artifact bucket, with a hash of its content
 * @throws Error that names the prop if a value is invalid
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
  const size = job("training");
  const training = {
    ...size,
    hyperparameters: stringValues(props.training.hyperparameters ?? {}),
    metrics: props.training.metrics ?? [],
    ...trainingInstances(props.training, size.maxRuntimeInSeconds),
  };
  const tuning =
    props.tuning && tuningSettings(props.tuning, { scope: props, ...training, gate: gateSettings(gate) });
  const comparison = props.comparison && {
    ...job("comparison"),
    arguments: props.comparison.arguments ?? [],
  };
  const endpoint = checkedEndpoint(props, dataPrefix);
  const longestRun =
    longest(processing) +
    (comparison === undefined ? 0 : longest(comparison)) +
    longest({ ...training, maxRuntimeInSeconds: longestTrainingSeconds(training, tuning) }) +
    longestDeploymentSeconds;
  return {
    prefix,
    environment,
    processing,
    training,
    tuning,
    comparison,
    monitor: props.monitor && monitorSettings(props.monitor, job("monitor"), endpoint),
    retraining: props.retraining && retrainingSettings(props.retraining),
    inference: { codeKey: scriptKey(props.inference), entryPoint: props.inference.entryPoint },
    cache: cacheSettings(props.cache),
    gate: gateSettings(gate),
    approval: approvalOf(props),
    endpoint,
    rollbackAlarms: checkedRollbackAlarms(props.rollbackAlarms ?? [], { endpoint }),
    smokeTest: props.smokeTest && checkedSmokeTest(props.smokeTest),
    retainedReleases: atLeastOne("retainedReleases", props.retainedReleases ?? defaultRetainedReleases),
    vpc: props.vpc,
    tags: props.tags ?? {},
    dataPrefix,
    timeoutSeconds: atLeastOne("timeoutSeconds", props.timeoutSeconds ?? longestRun + 3600),
  };
}

function checkedEndpoint({ endpoint, vpc, data }: WorkflowProps, dataPrefix: string): EndpointSettings {
  const settings = endpointSettings(endpoint, vpc !== undefined);
  const capture = captureOf(settings);
  if (capture !== undefined && data?.bucketName === undefined) checkRawData(capture, dataPrefix);
  return settings;
}

function approvalOf({ approval = "automatic" }: WorkflowProps): WorkflowSettings["approval"] {
  return approval;
}

/** The time of all attempts of a job. */
function longest({ maxRuntimeInSeconds, waitForCapacityInSeconds }: JobSettings): number {
  return longestJobSeconds(maxRuntimeInSeconds, waitForCapacityInSeconds);
}

function cacheSettings(cache: WorkflowProps["cache"] = {}): CacheSettings | undefined {
  if (cache === false) return undefined;
  const { maxAgeInDays = defaultMaxAgeInDays } = cache;
  return { maxAgeInDays: maxAgeInDays === null ? null : atLeastOne("cache.maxAgeInDays", maxAgeInDays) };
}

/** The time limit of the longest job that trains: the single one, or that of the tuning. */
function longestTrainingSeconds(
  training: WorkflowSettings["training"],
  tuning: TuningSettings | undefined,
): number {
  const longest = longestTrainingJobSeconds(training);
  if (tuning === undefined) return longest;
  return Math.max(longest, longestTuningSeconds(tuning, longestAttemptSeconds(longest)));
}

/** The folders of code, without duplicates. */
export function scriptFolders(props: WorkflowProps): string[] {
  const { processing, training, comparison, monitor, inference } = props;
  const scripts = [processing, training, inference, comparison, monitor].filter(
    (script) => script !== undefined,
  );
  return [...new Set(scripts.map(({ folder }) => folder))];
}

/** The prefix of the raw data. */
export function rawDataPrefix({ data }: WorkflowProps): string {
  return data?.prefix ?? prefixes.rawData;
}

/** The definition contains the examples, so their number is limited. */
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
    throw new Error(`${place}: low and high must be numbers, with low at most high, got ${low} and ${high}`);
  }
}

/** SageMaker accepts hyperparameters as strings, and reserves names that start with `sagemaker_`. */
function stringValues(
  hyperparameters: Readonly<Record<string, string | number | boolean>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(hyperparameters).map(([name, value]) => {
      if (name.startsWith("sagemaker_")) {
        throw new Error(
          `training.hyperparameters must not contain ${name}, which SageMaker reserves: omit it`,
        );
      }
      return [name, String(value)];
    }),
  );
}

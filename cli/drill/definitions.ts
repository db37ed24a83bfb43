import {
  monitorDefinition,
  releaseDefinition,
  retrainDefinition,
  type WorkflowDefinition,
  workflowDefinition,
} from "../../workflow/definition";
import { baseName } from "../../workflow/names";
import { type WorkflowProps, workflowSettings } from "../../workflow/props";
import type { Workflow, WorkflowReferences } from "../../workflow/settings";
import type { TuningProps } from "../../workflow/tuning/props";

/** A definition to drill. */
export interface DrilledDefinition extends WorkflowDefinition {
  /** Name of its state machine, and its name in the report. */
  readonly name: string;
  readonly base: string;
  readonly references: WorkflowReferences;
}

/** The state machines of every variant of the props that has states of its own. */
export function drilledDefinitions(props: WorkflowProps): DrilledDefinition[] {
  return Object.entries(variants(props)).flatMap(([variant, changed]) => {
    const workflow = withReferences({ ...props, ...changed });
    const { settings, references } = workflow;
    const common = { base: baseName(settings), references };
    return [
      { name: `drill-${variant}-workflow`, ...workflowDefinition(workflow), ...common },
      { name: `drill-${variant}-release`, ...releaseDefinition(workflow), ...common },
      ...(settings.monitor === undefined
        ? []
        : [
            { name: `drill-${variant}-monitor`, ...monitorDefinition(workflow, settings.monitor), ...common },
          ]),
      ...(settings.retraining === undefined
        ? []
        : [
            {
              name: `drill-${variant}-retrain`,
              ...retrainDefinition(workflow, settings.retraining),
              ...common,
            },
          ]),
    ];
  });
}

function variants(props: WorkflowProps): Record<string, Partial<WorkflowProps>> {
  // The numbers of calls in expected-ends.ts are for this time.
  const waiting = { waitForCapacityInSeconds: 600 };
  const plain = {
    processing: { ...props.processing, ...waiting },
    training: { ...props.training, ...waiting },
    approval: "automatic",
    endpoint: onInstances,
    comparison: undefined,
    tuning: undefined,
    cache: {},
    monitor: undefined,
    retraining: undefined,
  } as const;
  const comparison = {
    ...(props.comparison ?? { ...props.training, entryPoint: "compare.py" }),
    ...waiting,
  };
  const monitor = { ...(props.monitor ?? { ...props.training, entryPoint: "monitor.py" }), ...waiting };
  const tuning = props.tuning ?? anyTuning(props);
  const smokeTest = props.smokeTest ?? { examples: [{ instances: [[1]], low: 0, high: 1 }] };
  return {
    instances: {
      ...{ ...plain, smokeTest, monitor },
      endpoint: { ...onInstances, capture: { percentage: 100 } },
      retraining: { on: ["drift", "quality"] },
    },
    // What a cache goes round is without one, too.
    untested: { ...plain, smokeTest: undefined, cache: false },
    scaled: { ...plain, smokeTest, endpoint: scaled },
    serverless: {
      ...plain,
      smokeTest,
      endpoint: { kind: "serverless" },
      vpc: undefined,
      rollbackAlarms: undefined,
    },
    approved: { ...plain, smokeTest, approval: "manual" },
    compared: { ...plain, smokeTest, comparison },
    ...(tuning !== undefined && {
      tuned: { ...plain, smokeTest, tuning },
      "tuned-compared": { ...plain, smokeTest, tuning, comparison },
    }),
  };
}

const onInstances = { kind: "instance", instanceType: "ml.m5.large", initialInstanceCount: 2 } as const;
const scaled = {
  ...onInstances,
  autoscaling: { minInstances: 2, maxInstances: 4, invocationsPerInstance: 1000 },
} as const;

/** A tuning of the first hyperparameter that is a number; undefined if there is none. */
function anyTuning({ training, gate }: WorkflowProps): TuningProps | undefined {
  const number = Object.entries(training.hyperparameters ?? {}).find(
    ([, value]) => typeof value === "number",
  );
  if (number === undefined || !training.metrics?.includes(gate.metric)) return undefined;
  const [name, value] = number as [string, number];
  return { ranges: { [name]: { kind: "continuous", min: value, max: value + 1 } } };
}

/** No resource exists: the drill answers every call. */
function withReferences(props: WorkflowProps): Workflow {
  const settings = workflowSettings(props, () => "code/scripts-0123456789abcdef.tar.gz");
  const account = "123456789012";
  const role = (name: string) => `arn:aws:iam::${account}:role/${name}`;
  const version = (name: string) => `arn:aws:lambda:us-east-1:${account}:function:${name}:1`;
  return {
    settings,
    references: {
      partition: "aws",
      region: "us-east-1",
      account,
      bucketName: "drill-bucket",
      dataBucketName: "drill-bucket",
      imageUri: `${account}.dkr.ecr.us-east-1.amazonaws.com/image:1`,
      imageRepositoryArn: `arn:aws:ecr:us-east-1:${account}:repository/image`,
      roleArns: {
        prep: role("prep"),
        train: role("train"),
        compare: role("compare"),
        monitor: role("monitor"),
        serving: role("serving"),
      },
      evaluationFunctionVersionArn: version("evaluate-model"),
      smokeTestFunctionVersionArn: version("smoke-test"),
      resultsCacheFunctionVersionArn: version("results-cache"),
    },
  };
}

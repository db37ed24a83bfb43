import { workflowProps } from "../configuration";
import { type Place, stateMachineArns } from "../workflow/arns";
import type { Alarm } from "../workflow/monitoring/alarm";
import { type AlarmOptions, workflowAlarms } from "../workflow/monitoring/alarms";
import { baseName } from "../workflow/names";
import { type WorkflowProps, workflowSettings } from "../workflow/props";
import type { MonitorSettings, Workflow, WorkflowReferences, WorkflowSettings } from "../workflow/settings";
import type { TuningProps } from "../workflow/tuning/props";

export const references: WorkflowReferences = {
  partition: "aws",
  region: "us-east-1",
  account: "123456789012",
  bucketName: "housing-dev-bucket",
  dataBucketName: "housing-dev-bucket",
  imageUri: "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
  imageRepositoryArn: "arn:aws:ecr:us-east-1:683313688378:repository/sagemaker-scikit-learn",
  roleArns: {
    prep: "arn:aws:iam::123456789012:role/housing-dev-prep-1",
    train: "arn:aws:iam::123456789012:role/housing-dev-train-1",
    compare: "arn:aws:iam::123456789012:role/housing-dev-compare-1",
    monitor: "arn:aws:iam::123456789012:role/housing-dev-monitor-1",
    serving: "arn:aws:iam::123456789012:role/housing-dev-sagemaker-1",
  },
  evaluationFunctionVersionArn: "arn:aws:lambda:us-east-1:123456789012:function:housing-dev-evaluate-model:1",
  smokeTestFunctionVersionArn: "arn:aws:lambda:us-east-1:123456789012:function:housing-dev-smoke-test:1",
  resultsCacheFunctionVersionArn:
    "arn:aws:lambda:us-east-1:123456789012:function:housing-dev-results-cache:1",
};

/** A tuning of the project's own workflow. */
export const tuning: TuningProps = {
  ranges: {
    "max-depth": { kind: "integer", min: 2, max: 12 },
    "n-estimators": { kind: "integer", min: 10, max: 200, scaling: "logarithmic" },
  },
  maxJobs: 20,
  maxParallelJobs: 4,
};

/** The project's own workflow with the default endpoint, and what a test changes in it. */
export function workflow(
  props: Partial<WorkflowProps> = {},
  more: Partial<WorkflowReferences> = {},
): Workflow {
  const settings = workflowSettings(
    { ...workflowProps("dev"), endpoint: undefined, ...props },
    () => "code/scripts-0123456789abcdef.tar.gz",
  );
  return { settings, references: { ...references, ...more } };
}

/** The settings of a workflow's monitor. */
export function monitorSettingsOf({ settings }: Workflow): MonitorSettings {
  if (settings.monitor === undefined) throw new Error("the workflow needs endpoint.capture");
  return settings.monitor;
}

/** Every alarm that an environment with these settings can have. */
export function allAlarms(
  settings: WorkflowSettings,
  more: AlarmOptions & { readonly monitorSchedule?: string } = {},
  place: Place = references,
): readonly Alarm[] {
  return workflowAlarms(settings, {
    stateMachineArns: stateMachineArns(settings, place),
    functionNames: ["notify", "webhook"].map((name) => `${baseName(settings)}-${name}`),
    experiments: true,
    monitorSchedule: "rate(1 day)",
    noTrafficMinutes: 60,
    ...more,
  });
}

/** The alarms on the endpoint, as plain data. */

import { fewestInstances } from "../endpoint/kinds";
import { vcpusOf } from "../endpoint/vcpus";
import { baseName, type EndpointScope, stableEndpointName } from "../names";
import type { WorkflowSettings } from "../settings";
import type { Alarm } from "./alarm";

/** The settings that identify an endpoint's metrics. */
type Watchable = EndpointScope & { readonly endpoint: { readonly variantName: string } };

/** The endpoint that alarms and dashboard watch: the one that executions use unless their input names another. */
export function endpointDimensions(settings: Watchable) {
  return { EndpointName: stableEndpointName(settings), VariantName: settings.endpoint.variantName } as const;
}

/** Fires above the threshold; without traffic or instances there is no data, and nothing is wrong. */
const above = { comparisonOperator: "GreaterThanThreshold", treatMissingData: "notBreaching" } as const;

/** The alarms that roll back an update: model errors, and latency. They also watch the endpoint between updates. */
export function guardrailAlarms(settings: Watchable): readonly Alarm[] {
  const base = `${baseName(settings)}-endpoint`;
  const remedy = `If the model is the cause, put the previous one in service: npm run rollback -- ${settings.environment}`;
  const onEndpoint = {
    ...above,
    namespace: "AWS/SageMaker",
    dimensions: endpointDimensions(settings),
    period: 60,
  } as const;
  return [
    {
      ...onEndpoint,
      name: `${base}-errors`,
      description: `The model returns errors; an update in progress is rolled back. Its log: ${logOf(settings)}. ${remedy}`,
      metricName: "InvocationModelErrors",
      statistic: "Sum",
      threshold: 5,
      evaluationPeriods: 1,
    },
    {
      ...onEndpoint,
      name: `${base}-latency`,
      description: `p99 latency is above 5 s; an update in progress is rolled back. ${remedy}`,
      metricName: "ModelLatency",
      extendedStatistic: "p99",
      // In microseconds.
      threshold: 5_000_000,
      // The first few requests of new instances are slow.
      evaluationPeriods: 2,
    },
  ];
}

/** The alarms on shares of failed requests, and on the load of what serves. */
export function servingAlarms(settings: WorkflowSettings): readonly Alarm[] {
  return [...errorAlarms(settings), ...loadAlarms(settings)];
}

function errorAlarms(settings: WorkflowSettings): Alarm[] {
  const common = {
    ...above,
    namespace: "AWS/SageMaker",
    dimensions: endpointDimensions(settings),
    // Of a metric that is 0 or 1 for each request, the average is the share.
    statistic: "Average",
    period: 300,
    // A single bad request in a quiet hour is no alarm.
    evaluationPeriods: 3,
  } as const;
  const base = `${baseName(settings)}-endpoint`;
  return [
    {
      ...common,
      name: `${base}-4xx-errors`,
      description: `More than 5 % of the requests are refused, for 15 minutes: callers send what the model cannot read, or the smoke test's examples no longer match. The reasons are in ${logOf(settings)}. If it began with a release: npm run rollback -- ${settings.environment}`,
      metricName: "Invocation4XXErrors",
      threshold: 0.05,
    },
    {
      ...common,
      name: `${base}-5xx-errors`,
      description: `More than 1 % of the requests fail, for 15 minutes. The reasons are in ${logOf(settings)}. If it began with a release: npm run rollback -- ${settings.environment}`,
      metricName: "Invocation5XXErrors",
      threshold: 0.01,
    },
  ];
}

/** The share of an instance's processors or memory that is too much, in percent. */
const tooMuch = 90;

function loadAlarms(settings: WorkflowSettings): Alarm[] {
  const { endpoint, environment } = settings;
  const common = {
    ...above,
    namespace: "/aws/sagemaker/Endpoints",
    dimensions: endpointDimensions(settings),
    statistic: "Average",
    period: 60,
    evaluationPeriods: 5,
  } as const;
  const base = `${baseName(settings)}-endpoint`;
  const [larger, more] =
    endpoint.kind === "serverless"
      ? ["set a larger endpoint.memorySizeInMB in config.ts", ""]
      : [
          "set a larger endpoint.instanceType in config.ts",
          fewestInstances(endpoint) > 1 ? " or more instances" : ", more instances or endpoint.autoscaling",
        ];
  const vcpus = endpoint.kind === "serverless" ? undefined : vcpusOf(endpoint.instanceType);
  const remedy = `See what it does: npm run status -- ${environment}`;
  return [
    ...(vcpus === undefined
      ? []
      : [
          {
            ...common,
            name: `${base}-cpu`,
            description: `The processors of the endpoint's instances are busy to more than ${tooMuch} %, for 5 minutes: ${larger}${more}. ${remedy}`,
            metricName: "CPUUtilization",
            // A processor is 100 %.
            threshold: tooMuch * vcpus,
          },
        ]),
    {
      ...common,
      name: `${base}-memory`,
      description: `The endpoint uses more than ${tooMuch} % of its memory, for 5 minutes; without memory, the container is killed: ${larger}. ${remedy}`,
      metricName: "MemoryUtilization",
      threshold: tooMuch,
    },
  ];
}

function logOf(settings: EndpointScope): string {
  return `/aws/sagemaker/Endpoints/${stableEndpointName(settings)}`;
}

/** Fires where an endpoint that is asked all the time is no longer asked. */
export function noTrafficAlarm(settings: WorkflowSettings, minutes: number): Alarm {
  return {
    name: `${baseName(settings)}-endpoint-no-traffic`,
    description: `No requests for ${minutes} minutes: check the callers, and whether the endpoint is in service: npm run status -- ${settings.environment}`,
    namespace: "AWS/SageMaker",
    metricName: "Invocations",
    dimensions: endpointDimensions(settings),
    statistic: "Sum",
    period: minutes * 60,
    evaluationPeriods: 1,
    threshold: 1,
    comparisonOperator: "LessThanThreshold",
    // Without requests SageMaker publishes no data.
    treatMissingData: "breaching",
  };
}

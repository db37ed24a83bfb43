import { objectArn } from "../arns";
import { type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import { catchAll } from "../failures";
import { allow, allowKey } from "../iam";
import { monitorNamespace } from "../monitoring/monitor";
import { prefixes } from "../prefixes";
import type { Workflow } from "../settings";
import { artifactUrl, type Step, sdkTask } from "../step";
import { latestFolder, reportFolder } from "./monitor-job";
import { askForRetrainingStep } from "./retrain-ask";

/** The output of a successful run of the monitor. */
export interface MonitorReport {
  /** What the run has found, such as `ok` or `drift`: docs/monitoring.md. */
  readonly Verdict: string;
  readonly Reasons: readonly string[];
  /** Names of the features that have drifted. */
  readonly Features: readonly string[];
  readonly EndpointName: string;
  readonly WindowStart: string;
  readonly WindowEnd: string;
  /** Judged rows. */
  readonly Rows: number;
  /** Numbers that CloudWatch has, by name. */
  readonly Metrics: Readonly<Record<string, number>>;
  /** Folder with report.json and report.html. */
  readonly ReportUrl: string;
  readonly ProcessingJobName: string;
  /** The decision on a retraining that the verdict asks for, as the ARN of an execution; empty if it asks for none. */
  readonly AskedExecutionArn?: string;
}

/** Reads the verdict of the job, keeps its report for the next run, and puts its numbers into CloudWatch. */
export function monitorVerdictStep(workflow: Workflow): Step {
  const { references } = workflow;
  const { bucketName } = references;
  const asking = askForRetrainingStep(workflow, "MonitorComplete");
  const objects = (keys: string) => objectArn(references, bucketName, keys);
  return {
    states: {
      ReadVerdict: sdkTask(workflow, "s3", "getObject", {
        Arguments: { Bucket: bucketName, Key: jsonata`${reportFolder} & "/verdict.json"` },
        Assign: { verdict: checkedVerdict },
        Catch: [catchAll("ReadVerdict", "MonitoringFailed")],
        Next: "KeepReport",
      }),
      KeepReport: sdkTask(workflow, "s3", "copyObject", {
        Arguments: {
          Bucket: bucketName,
          CopySource: jsonata`${`${bucketName}/`} & ${reportFolder} & "/report.json"`,
          Key: jsonata`${latestFolder} & "/report.json"`,
        },
        Catch: [catchAll("KeepReport", "MonitoringFailed")],
        Next: "PutMonitorMetrics",
      }),
      PutMonitorMetrics: sdkTask(workflow, "cloudwatch", "putMetricData", {
        Arguments: { Namespace: monitorNamespace, MetricData: metricData },
        Catch: [catchAll("PutMonitorMetrics", "MonitoringFailed")],
        ...(asking && { Assign: { askedExecutionArn: jsonata`""` } }),
        Next: asking === undefined ? "MonitorComplete" : "VerdictAsks",
      }),
      ...asking?.states,
      MonitorComplete: {
        Type: "Succeed",
        Output: { ...report(workflow), ...(asking && { AskedExecutionArn: jsonata`$askedExecutionArn` }) },
      },
    },
    policyStatements: [
      ...(asking?.policyStatements ?? []),
      allow(["s3:GetObject"], [objects(`${prefixes.monitorReports}*`)]),
      allow(["s3:PutObject"], [objects(`${prefixes.latestReports}*`)]),
      ...allowKey(references.kmsKeyArn, ["kms:Decrypt", "kms:GenerateDataKey"]),
      allow(["cloudwatch:PutMetricData"], ["*"], {
        conditions: { StringEquals: { "cloudwatch:namespace": monitorNamespace } },
        reason: "the action has no resource type; the namespace is what can be narrowed",
      }),
    ],
  };
}

/** JSONata: the content of verdict.json; docs/monitoring.md says what a script of one's own writes there. */
const checkedVerdict = jsonata`(
  $found := $parse($states.result.Body);
  $type($found.Verdict) = "string" and $type($found.Rows) = "number" and $count($keys($found.Metrics)) > 0
    ? $found
    : $error("verdict.json must have Verdict, a text, Rows, a number, and Metrics, an object of at least one number")
)`;

/** JSONata: one datum for each number of the verdict, with the time of now: alarms look at no earlier ones. */
const metricData = jsonata`[$each($verdict.Metrics, function($value, $name) {
  {
    "MetricName": $name,
    "Value": $value,
    "Dimensions": [{"Name": "EndpointName", "Value": $endpointName}]
  }
})]`;

function report(workflow: Workflow): JsonObject {
  const ofVerdict = (key: string): Jsonata => jsonata`$lookup($verdict, ${key})`;
  return {
    Verdict: ofVerdict("Verdict"),
    Reasons: jsonata`[$verdict.Reasons]`,
    Features: jsonata`[$verdict.Features]`,
    EndpointName: jsonata`$endpointName`,
    WindowStart: jsonata`$fromMillis($windowStart)`,
    WindowEnd: jsonata`$fromMillis($windowEnd)`,
    Rows: ofVerdict("Rows"),
    Metrics: ofVerdict("Metrics"),
    ReportUrl: artifactUrl(workflow, jsonata`${reportFolder} & "/"`),
    ProcessingJobName: jsonata`$monitorJobName`,
  };
}

import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  ListEndpointsCommand,
} from "@aws-sdk/client-sagemaker";
import { gateSettings } from "../../workflow/gate";
import { prefixes } from "../../workflow/prefixes";
import type { Aws } from "../account/clients";
import { resolveTarget, type Target, type TargetOptions } from "../account/deployed-workflow";
import { announce, stateMachinesOf } from "../account/environment";
import { ownedBy } from "../account/ownership";
import { listMonitorRuns, type MonitorRun, monitorRunLines } from "../monitoring/runs";
import {
  listVersions,
  type ModelVersion,
  type VersionSummary,
  versionSummary,
} from "../registry/model-versions";
import { comparisonText, servingText } from "../registry/text";
import { decisionLines, listDecisions, type RetrainingRun } from "../retraining/decisions";
import { type JsonOptions, printResult } from "../terminal/print";
import { size } from "../terminal/size";
import { type ExecutionSummary, executionText, listExecutions } from "./summaries";

/** What the recipe's validation shows. */
interface Status {
  readonly executions: readonly ExecutionSummary[];
  /** Executions of the release state machine: after approvals, rollbacks and promotions. */
  readonly releases: readonly ExecutionSummary[];
  /** Runs of the monitor, with what they found; absent without a monitor. */
  readonly monitor?: readonly MonitorRun[];
  /** Decisions on retrainings, with their reasons; absent without them. */
  readonly retraining?: readonly RetrainingRun[];
  readonly objects: Readonly<Record<string, { readonly count: number; readonly bytes: number }>>;
  readonly endpoints: readonly {
    readonly name: string;
    readonly status: string;
    readonly config: string;
    readonly instances: string;
    /** What is captured of its requests, and where. */
    readonly capture?: string;
    readonly reason?: string;
  }[];
  readonly versions: readonly VersionSummary[];
  /** Metrics of the newest version. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Shows executions, releases, runs of the monitor, decisions on retrainings, objects, endpoints and versions of one environment. */
export async function status(name: string, options: TargetOptions & JsonOptions): Promise<void> {
  const target = await resolveTarget(name, options);
  await announce(target);
  const { aws, stateMachineArn } = target;
  const { release, monitor: monitorArn, retrain } = await stateMachinesOf(target);
  const [executions, releases, monitor, retraining, objects, endpoints, versions] = await Promise.all([
    listExecutions(aws, stateMachineArn),
    listExecutions(aws, release),
    target.workflow.monitor === undefined ? undefined : listMonitorRuns(aws, monitorArn, name),
    target.workflow.retraining === undefined ? undefined : listDecisions(aws, retrain, name),
    countObjects(target),
    listEndpoints(target),
    listVersions(target),
  ]);
  const gate = gateSettings(target.workflow.gate);
  const status: Status = {
    ...{ executions, releases, monitor, retraining, objects, endpoints },
    versions: versions.map((version) => versionSummary(version, gate)),
    metrics: versions[0]?.metrics,
  };
  printResult(status, () => statusText(status, versionLines(name, versions)), options);
}

/** Which version is in service and which one waits, with the newest one's metrics next to those in service. */
function versionLines(name: string, versions: readonly ModelVersion[]): string[] {
  const [newest] = versions;
  if (newest === undefined) return [];
  const champion = versions.find(({ inService }) => inService);
  const compared = comparisonText(newest, champion).split("\n");
  return [servingText(name, versions), ...compared, `all versions: npm run versions -- ${name}`];
}

async function countObjects({ aws, bucketName }: Target): Promise<Status["objects"]> {
  const shown = [
    prefixes.rawData,
    prefixes.code,
    prefixes.processedData,
    prefixes.trainingOutput,
    prefixes.modelArtifacts,
  ];
  const counts = shown.map(async (Prefix) => {
    let count = 0;
    let bytes = 0;
    let ContinuationToken: string | undefined;
    do {
      const page = await aws
        .s3()
        .send(new ListObjectsV2Command({ Bucket: bucketName, Prefix, ContinuationToken }));
      count += page.KeyCount ?? 0;
      bytes += (page.Contents ?? []).reduce((sum, { Size = 0 }) => sum + Size, 0);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return [Prefix, { count, bytes }] as const;
  });
  return Object.fromEntries(await Promise.all(counts));
}

async function listEndpoints({ aws, baseName }: Target): Promise<Status["endpoints"]> {
  const { Endpoints = [] } = await aws
    .sagemaker()
    .send(new ListEndpointsCommand({ NameContains: baseName, MaxResults: 100 }));
  const owned = Endpoints.filter(({ EndpointName }) => ownedBy(baseName, EndpointName));
  return await Promise.all(owned.map(({ EndpointName = "" }) => describeEndpoint(aws, EndpointName)));
}

async function describeEndpoint(aws: Aws, name: string): Promise<Status["endpoints"][number]> {
  const endpoint = await aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName: name }));
  const { EndpointStatus = "", EndpointConfigName = "", FailureReason, ProductionVariants = [] } = endpoint;
  const { DataCaptureConfig: captured } = endpoint;
  const config = await aws.sagemaker().send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
  const configured = new Map(config.ProductionVariants?.map((v) => [v.VariantName, v]));
  return {
    name,
    status: EndpointStatus,
    config: EndpointConfigName,
    instances: ProductionVariants.map(({ VariantName, CurrentInstanceCount = 0, CurrentWeight = 0 }) => {
      const { ServerlessConfig, InstanceType } = configured.get(VariantName) ?? {};
      return ServerlessConfig === undefined
        ? `${VariantName}: ${CurrentInstanceCount} × ${InstanceType}, weight ${CurrentWeight}`
        : `${VariantName}: serverless, ${ServerlessConfig.MemorySizeInMB} MB, ${ServerlessConfig.MaxConcurrency} at a time`;
    }).join("; "),
    capture: captured?.EnableCapture
      ? `${captured.CurrentSamplingPercentage} % in ${captured.DestinationS3Uri}/${name}/`
      : undefined,
    reason: FailureReason,
  };
}

function statusText(
  { executions, releases, monitor, retraining, objects, endpoints }: Status,
  versions: readonly string[],
): string {
  const section = (title: string, lines: readonly string[]) => [
    title,
    ...(lines.length === 0 ? ["none"] : lines).map((line) => `  ${line}`),
  ];
  return [
    ...section("Executions (newest first)", executions.map(executionText)),
    ...section("Releases after approvals, rollbacks and promotions", releases.map(executionText)),
    ...(monitor === undefined ? [] : section("Monitor (newest first)", monitor.flatMap(monitorRunLines))),
    ...(retraining === undefined
      ? []
      : section("Retraining (newest first)", retraining.flatMap(decisionLines))),
    ...section(
      "Objects",
      Object.entries(objects).map(
        ([prefix, { count, bytes }]) => `${prefix.padEnd(18)} ${count} objects, ${size(bytes)}`,
      ),
    ),
    ...section(
      "Endpoints",
      endpoints.map(
        ({ name, status, config, instances: all, capture, reason }) =>
          `${status.padEnd(10)} ${name}  with ${config} (${all})${capture === undefined ? "" : `, captures ${capture}`}${reason === undefined ? "" : `: ${reason}`}`,
      ),
    ),
    ...section("Versions", versions),
  ].join("\n");
}

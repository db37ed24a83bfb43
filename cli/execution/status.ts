import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  ListEndpointsCommand,
} from "@aws-sdk/client-sagemaker";
import { DescribeExecutionCommand, ListExecutionsCommand } from "@aws-sdk/client-sfn";
import { prefixes } from "../../workflow/settings";
import type { ExecutionReport } from "../../workflow/steps/report";
import type { Aws } from "../account/clients";
import { resolveTarget, type Target, type TargetOptions } from "../account/deployed-workflow";
import { announce } from "../account/environment";
import { objectAt, readJson } from "../account/objects";
import { ownedBy } from "../account/ownership";
import { type JsonOptions, printResult } from "../terminal/print";
import { size } from "../terminal/size";
import { secondsBetween } from "./history";

/** What the recipe's validation shows. */
interface Status {
  readonly executions: readonly {
    readonly name: string;
    readonly status: string;
    readonly startedAt: string;
    /** Absent while it runs. */
    readonly seconds?: number;
  }[];
  readonly objects: Readonly<Record<string, { readonly count: number; readonly bytes: number }>>;
  readonly endpoints: readonly {
    readonly name: string;
    readonly status: string;
    readonly config: string;
    readonly instances: string;
    readonly reason?: string;
  }[];
  /** Metrics of the newest successful execution. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Shows executions, objects, endpoints and the newest metrics of one environment. */
export async function status(name: string, options: TargetOptions & JsonOptions): Promise<void> {
  const target = await resolveTarget(name, options);
  await announce(target);
  const [executions, objects, endpoints, metrics] = await Promise.all([
    listExecutions(target),
    countObjects(target),
    listEndpoints(target),
    newestMetrics(target),
  ]);
  const status: Status = { executions, objects, endpoints, metrics };
  printResult(status, () => statusText(status), options);
}

async function listExecutions({ aws, stateMachineArn }: Target): Promise<Status["executions"]> {
  const { executions = [] } = await aws
    .sfn()
    .send(new ListExecutionsCommand({ stateMachineArn, maxResults: 10 }));
  return executions.map(({ name = "", status = "", startDate = new Date(0), stopDate }) => ({
    name,
    status,
    startedAt: startDate.toISOString(),
    seconds: stopDate === undefined ? undefined : secondsBetween(startDate, stopDate),
  }));
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
    reason: FailureReason,
  };
}

async function newestMetrics({ aws, stateMachineArn }: Target): Promise<Status["metrics"]> {
  const { executions = [] } = await aws
    .sfn()
    .send(new ListExecutionsCommand({ stateMachineArn, statusFilter: "SUCCEEDED", maxResults: 1 }));
  const executionArn = executions[0]?.executionArn;
  if (executionArn === undefined) return undefined;
  const { output = "{}" } = await aws.sfn().send(new DescribeExecutionCommand({ executionArn }));
  const { EvaluationUrl } = JSON.parse(output) as ExecutionReport;
  return (await readJson(aws, objectAt(EvaluationUrl))) as Status["metrics"];
}

function statusText({ executions, objects, endpoints, metrics }: Status): string {
  const section = (title: string, lines: readonly string[]) => [
    title,
    ...(lines.length === 0 ? ["none"] : lines).map((line) => `  ${line}`),
  ];
  return [
    ...section(
      "Executions (newest first)",
      executions.map(
        ({ name, status, startedAt, seconds }) =>
          `${status.padEnd(10)} ${name}  started ${startedAt}${seconds === undefined ? "" : `, ${seconds.toFixed(1)} s`}`,
      ),
    ),
    ...section(
      "Objects",
      Object.entries(objects).map(
        ([prefix, { count, bytes }]) => `${prefix.padEnd(18)} ${count} objects, ${size(bytes)}`,
      ),
    ),
    ...section(
      "Endpoints",
      endpoints.map(
        ({ name, status, config, instances: all, reason }) =>
          `${status.padEnd(10)} ${name}  with ${config} (${all})${reason === undefined ? "" : `: ${reason}`}`,
      ),
    ),
    ...section(
      "Metrics of the newest model",
      Object.entries(metrics ?? {}).map(([name, value]) => `${name.padEnd(18)} ${value}`),
    ),
  ].join("\n");
}

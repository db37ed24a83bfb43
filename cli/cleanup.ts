import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { DeleteLogGroupCommand, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DeleteObjectsCommand, ListObjectVersionsCommand, type ObjectIdentifier } from "@aws-sdk/client-s3";
import {
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  ListTagsCommand,
  paginateListEndpointConfigs,
  paginateListEndpoints,
  paginateListModels,
} from "@aws-sdk/client-sagemaker";
import { prefixes } from "../workflow/settings";
import { FailedError, isMissing, UsageError } from "./errors";
import { ownedBy } from "./ownership";
import { announce, resolveTarget, type Target, type TargetOptions } from "./target";

export interface CleanupOptions extends TargetOptions {
  /** Only configurations and models that serve nowhere. */
  readonly superseded: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** What executions made, and what of it is to be removed. */
interface Leftovers {
  readonly endpoints: readonly string[];
  readonly endpointConfigs: readonly string[];
  readonly models: readonly string[];
  readonly logGroups: readonly string[];
  readonly objects: readonly ObjectIdentifier[];
}

/** Prefixes that executions write; what people put in the bucket stays. */
const writtenPrefixes = [prefixes.processedData, prefixes.modelArtifacts, prefixes.executionCode];

/** Removes what executions made at run time: lists it, asks, and deletes in an order that works. */
export async function cleanUp(options: CleanupOptions): Promise<void> {
  if (!options.yes && !process.stdin.isTTY) {
    throw new UsageError("Nobody is there to be asked: give --yes to delete without asking");
  }
  const target = await resolveTarget(options);
  await announce(target);
  const found = await findLeftovers(target, options.superseded);
  const show = options.json ? process.stderr : process.stdout;
  show.write(`${leftoversText(found)}\n`);
  if (Object.values(found).every((list) => list.length === 0)) return report(found, options.json);
  if (!options.yes && !(await confirmed())) {
    show.write("Nothing was deleted.\n");
    return;
  }
  await remove(target, found, (line) => show.write(`${line}\n`));
  report(found, options.json);
}

function report({ objects, ...names }: Leftovers, json: boolean): void {
  if (json)
    process.stdout.write(`${JSON.stringify({ removed: { ...names, objects: objects.length } }, null, 2)}\n`);
}

async function findLeftovers(target: Target, superseded: boolean): Promise<Leftovers> {
  const { aws } = target;
  const sagemaker = aws.sagemaker();
  const search = { NameContains: target.baseName };
  const endpoints: Named[] = [];
  for await (const page of paginateListEndpoints({ client: sagemaker }, search)) {
    endpoints.push(...(page.Endpoints ?? []).map((e) => ({ name: e.EndpointName, arn: e.EndpointArn })));
  }
  const endpointConfigs: Named[] = [];
  for await (const page of paginateListEndpointConfigs({ client: sagemaker }, search)) {
    endpointConfigs.push(
      ...(page.EndpointConfigs ?? []).map((c) => ({ name: c.EndpointConfigName, arn: c.EndpointConfigArn })),
    );
  }
  const models: Named[] = [];
  for await (const page of paginateListModels({ client: sagemaker }, search)) {
    models.push(...(page.Models ?? []).map((m) => ({ name: m.ModelName, arn: m.ModelArn })));
  }
  const ours = {
    endpoints: await owned(target, endpoints),
    endpointConfigs: await owned(target, endpointConfigs),
    models: await owned(target, models),
  };
  if (superseded) {
    const used = await inUse(target, ours.endpoints);
    return {
      endpoints: [],
      endpointConfigs: ours.endpointConfigs.filter((name) => !used.has(name)),
      models: ours.models.filter((name) => !used.has(name)),
      logGroups: [],
      objects: [],
    };
  }
  return {
    ...ours,
    logGroups: await endpointLogs(target, ours.endpoints),
    objects: await writtenObjects(target),
  };
}

interface Named {
  readonly name?: string;
  readonly arn?: string;
}

/** Names that are ours by name and by tag. */
async function owned({ aws, baseName }: Target, found: readonly Named[]): Promise<string[]> {
  const names: string[] = [];
  for (const { name, arn } of found) {
    if (name === undefined || !ownedBy(baseName, name)) continue;
    const { Tags = [] } = await aws.sagemaker().send(new ListTagsCommand({ ResourceArn: arn }));
    if (Tags.some(({ Key, Value }) => Key === "workflow" && Value === baseName)) names.push(name);
  }
  return names;
}

/** Configurations that endpoints serve or move to, and their models. */
async function inUse({ aws }: Target, endpoints: readonly string[]): Promise<Set<string>> {
  const used = new Set<string>();
  for (const EndpointName of endpoints) {
    const { EndpointConfigName, PendingDeploymentSummary } = await aws
      .sagemaker()
      .send(new DescribeEndpointCommand({ EndpointName }));
    for (const name of [EndpointConfigName, PendingDeploymentSummary?.EndpointConfigName]) {
      if (name === undefined) continue;
      used.add(name);
      const { ProductionVariants = [] } = await aws
        .sagemaker()
        .send(new DescribeEndpointConfigCommand({ EndpointConfigName: name }));
      for (const { ModelName } of ProductionVariants) if (ModelName !== undefined) used.add(ModelName);
    }
  }
  return used;
}

async function endpointLogs({ aws }: Target, endpoints: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    endpoints.map(async (name) => {
      const logGroupName = `/aws/sagemaker/Endpoints/${name}`;
      const { logGroups = [] } = await aws
        .logs()
        .send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
      return logGroups.some((group) => group.logGroupName === logGroupName) ? [logGroupName] : [];
    }),
  );
  return found.flat();
}

/** Every version and delete marker: a bucket that holds one cannot be deleted. */
async function writtenObjects({ aws, bucketName }: Target): Promise<ObjectIdentifier[]> {
  const objects: ObjectIdentifier[] = [];
  for (const Prefix of writtenPrefixes) {
    let KeyMarker: string | undefined;
    let VersionIdMarker: string | undefined;
    do {
      const page = await aws
        .s3()
        .send(new ListObjectVersionsCommand({ Bucket: bucketName, Prefix, KeyMarker, VersionIdMarker }));
      for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
        objects.push({ Key, VersionId });
      }
      KeyMarker = page.NextKeyMarker;
      VersionIdMarker = page.NextVersionIdMarker;
    } while (KeyMarker !== undefined);
  }
  return objects;
}

function leftoversText({ endpoints, endpointConfigs, models, logGroups, objects }: Leftovers): string {
  const rows = [
    ["endpoint", endpoints],
    ["endpoint configuration", endpointConfigs],
    ["model", models],
    ["log group", logGroups],
  ] as const;
  const lines = rows.flatMap(([kind, names]) => names.map((name) => `  ${kind.padEnd(23)} ${name}`));
  if (objects.length > 0)
    lines.push(`  ${objects.length} object versions under ${writtenPrefixes.join(", ")}`);
  return lines.length === 0
    ? "Executions have left nothing behind."
    : ["Executions have made:", ...lines].join("\n");
}

async function confirmed(): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question("Delete all of this? [y/N] ");
  prompt.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** Endpoints first: a configuration must stay while an endpoint serves it. */
async function remove(target: Target, found: Leftovers, tell: (line: string) => void): Promise<void> {
  const sagemaker = target.aws.sagemaker();
  for (const EndpointName of found.endpoints) {
    await deleteEndpoint(target, EndpointName);
    tell(`Deleted endpoint ${EndpointName}`);
  }
  for (const EndpointConfigName of found.endpointConfigs) {
    await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName })).catch(ignoreMissing);
    tell(`Deleted endpoint configuration ${EndpointConfigName}`);
  }
  for (const ModelName of found.models) {
    await sagemaker.send(new DeleteModelCommand({ ModelName })).catch(ignoreMissing);
    tell(`Deleted model ${ModelName}`);
  }
  for (const logGroupName of found.logGroups) {
    await target.aws.logs().send(new DeleteLogGroupCommand({ logGroupName }));
    tell(`Deleted log group ${logGroupName}`);
  }
  const limit = 1000; // of one call
  for (let i = 0; i < found.objects.length; i += limit) {
    const Objects = found.objects.slice(i, i + limit);
    const { Errors = [] } = await target.aws
      .s3()
      .send(new DeleteObjectsCommand({ Bucket: target.bucketName, Delete: { Objects, Quiet: true } }));
    const [first] = Errors;
    if (first !== undefined) {
      throw new FailedError(
        `${Errors.length} objects could not be deleted, the first ${first.Key}: ${first.Message}`,
      );
    }
    tell(`Deleted ${Objects.length} object versions`);
  }
}

/** Deletes an endpoint and waits until it is gone; one that another hand deletes at the same time is fine. */
async function deleteEndpoint({ aws }: Target, EndpointName: string): Promise<void> {
  const pause = aws.isEmulator ? 100 : 5000;
  let asked = false;
  try {
    for (;;) {
      const { EndpointStatus } = await aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName }));
      if (EndpointStatus === "Updating" || EndpointStatus === "SystemUpdating") {
        throw new FailedError(
          `The endpoint ${EndpointName} is ${EndpointStatus}, and cannot be deleted then: clean up when the execution has ended`,
        );
      }
      if (EndpointStatus !== "Deleting" && !asked) {
        await aws.sagemaker().send(new DeleteEndpointCommand({ EndpointName }));
        asked = true;
      }
      await sleep(pause);
    }
  } catch (error) {
    ignoreMissing(error);
  }
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

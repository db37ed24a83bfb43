/** The cost of an endpoint: while it is up, during an update, and for requests. */

import type { DefinitionSizes, UpdateSize } from "./definition-sizes";
import type { Durations } from "./durations";
import { hoursPerMonth, type VariantSize } from "./endpoint-cost";
import { instanceItem, priceOf } from "./prices";
import { type CostRow, type MakeRow, priced } from "./rows";

/** The cost of an endpoint that is up without requests. */
export function variantRow(variant: VariantSize, row: MakeRow): CostRow {
  const { InstanceType, InitialInstanceCount = 1, ServerlessConfig } = variant;
  if (ServerlessConfig !== undefined) {
    const { ProvisionedConcurrency = 0 } = ServerlessConfig;
    return ProvisionedConcurrency > 0
      ? row(
          `endpoint, ${ProvisionedConcurrency} provisioned`,
          "provisioned concurrency",
          hoursPerMonth,
          "hour",
        )
      : { what: "serverless endpoint", quantity: 0, unit: "hour", usd: 0, approximate: false };
  }
  const known = InstanceType !== undefined && !InstanceType.startsWith("{%");
  return row(
    `endpoint, ${InitialInstanceCount} × ${known ? InstanceType : "instance"}`,
    known ? instanceItem("hosting", InstanceType) : undefined,
    InitialInstanceCount * hoursPerMonth,
    "hour",
  );
}

/** The cost of an update with guardrails, during which old and new instances are billed together, at most all of them. */
export function updateRow(
  { InstanceType = "", InitialInstanceCount = 1 }: VariantSize,
  { how, bakeSeconds }: UpdateSize,
  { deploymentMinutes }: Durations,
  row: MakeRow,
): CostRow {
  const minutes = deploymentMinutes + bakeSeconds / 60;
  return row(
    `update ${how}, ${InitialInstanceCount} more × ${InstanceType} × at most ${minutes} min`,
    instanceItem("hosting", InstanceType),
    (InitialInstanceCount * minutes) / 60,
    "hour",
  );
}

/** Notes on what the instances mean for updates and scaling. */
export function notesOn(variant: VariantSize, region: string, scaling: DefinitionSizes["scaling"]): string[] {
  const { InstanceType = "", InitialInstanceCount = 1, ServerlessConfig } = variant;
  if (ServerlessConfig !== undefined) {
    return [
      "A serverless endpoint costs nothing without requests. It has no canary: an update moves all traffic at once.",
    ];
  }
  const price = priceOf(instanceItem("hosting", InstanceType), region);
  const amount = (instances: number) =>
    price === undefined
      ? "unknown price"
      : `${price.verified ? "" : "≈ "}$${(price.usd * hoursPerMonth * instances).toFixed(2)}`;
  const fewest = scaling?.min ?? InitialInstanceCount;
  return [
    ...(scaling === undefined
      ? []
      : [
          `Scaling keeps ${scaling.min} to ${scaling.max} instances: ${amount(scaling.min)} to ${amount(scaling.max)} a month; the sums assume ${InitialInstanceCount}.`,
        ]),
    fewest >= 2
      ? "A canary, or linear steps, require two or more instances, which this endpoint always has."
      : `A canary, or linear steps, require two or more instances${price === undefined ? "" : `: at least ${amount(2)} a month`}. With ${fewest} an update moves all traffic at once.`,
  ];
}

/** The cost of a serverless variant's requests, by its memory size. */
export function servingRates(
  { ServerlessConfig }: VariantSize,
  region: string,
  missing: Set<string>,
): CostRow[] {
  if (ServerlessConfig === undefined) return [];
  const item = "serverless inference";
  const price = priceOf(item, region);
  if (price === undefined) {
    missing.add(`the price of ${item} in ${region} is unknown: add a row to cli/costs/prices.ts`);
    return [];
  }
  const { MemorySizeInMB } = ServerlessConfig;
  if (MemorySizeInMB === undefined) return [priced(item, 1, price.unit, price)];
  const usd = (price.usd * MemorySizeInMB) / 1024;
  return [
    priced(item, 1, price.unit, price),
    priced(`requests, with ${MemorySizeInMB} MB`, 1, "second", { ...price, usd }),
  ];
}

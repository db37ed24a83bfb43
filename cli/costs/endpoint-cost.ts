import { instanceItem, priceOf } from "./prices";

/** AWS counts a month as 730 hours. */
export const hoursPerMonth = 730;

/** The size of a production variant, as SageMaker's API names it. */
export interface VariantSize {
  readonly InstanceType?: string;
  readonly InitialInstanceCount?: number;
  readonly ServerlessConfig?: { readonly MemorySizeInMB?: number; readonly ProvisionedConcurrency?: number };
}

/**
 * What an endpoint with these variants costs a day while it is up and nobody asks it, in USD.
 *
 * Nothing for a serverless variant, unless its concurrency is provisioned; undefined where a price is not known.
 */
export function endpointCostPerDay(variants: readonly VariantSize[], region: string): number | undefined {
  let perHour = 0;
  for (const { InstanceType, InitialInstanceCount = 1, ServerlessConfig } of variants) {
    if (ServerlessConfig !== undefined && !ServerlessConfig.ProvisionedConcurrency) continue;
    const price =
      InstanceType === undefined ? undefined : priceOf(instanceItem("hosting", InstanceType), region);
    if (price === undefined) return undefined;
    perHour += price.usd * InitialInstanceCount;
  }
  return perHour * 24;
}

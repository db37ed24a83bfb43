import { instanceItem, priceOf } from "./prices";

/** AWS calculates with 730 hours per month. */
export const hoursPerMonth = 730;

/** The size of a production variant, as SageMaker's API names it. */
export interface VariantSize {
  readonly InstanceType?: string;
  readonly InitialInstanceCount?: number;
  readonly ServerlessConfig?: { readonly MemorySizeInMB?: number; readonly ProvisionedConcurrency?: number };
}

/**
 * The cost per day of an endpoint with these variants without requests, in USD.
 *
 * Zero for a serverless variant without provisioned concurrency; undefined if a price is unknown.
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

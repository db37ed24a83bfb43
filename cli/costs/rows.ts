/** The rows of an estimate. */

import type { Price, Unit } from "./prices";

/** One billed item. */
export interface CostRow {
  readonly what: string;
  /** Units per month while idle, or per run. */
  readonly quantity: number;
  readonly unit: Unit;
  /** In USD; absent if the price is unknown. */
  readonly unitPrice?: number;
  /** In USD per month while idle, or per run; absent if the price is unknown. */
  readonly usd?: number;
  /** Whether the price was not read on a page of AWS. */
  readonly approximate: boolean;
  readonly source?: string;
}

/** Prices an item, and records it as missing if its price is unknown. */
export type MakeRow = (what: string, item: string | undefined, quantity: number, unit: Unit) => CostRow;

export function priced(what: string, quantity: number, unit: Unit, price: Price | undefined): CostRow {
  return {
    what,
    quantity,
    unit,
    unitPrice: price?.usd,
    usd: price === undefined ? undefined : price.usd * quantity,
    approximate: price?.verified === false,
    source: price?.source,
  };
}

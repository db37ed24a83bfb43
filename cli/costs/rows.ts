/** What the rows of an estimate are. */

import type { Price, Unit } from "./prices";

/** One thing that is paid for. */
export interface CostRow {
  readonly what: string;
  /** Units a month for what stands, a run for what runs. */
  readonly quantity: number;
  readonly unit: Unit;
  /** USD; missing where no price is known. */
  readonly unitPrice?: number;
  /** USD a month for what stands, USD a run for what runs; missing where no price is known. */
  readonly usd?: number;
  /** The price was not read on a page of AWS. */
  readonly approximate: boolean;
  readonly source?: string;
}

/** Prices an item, and remembers one that has no price. */
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

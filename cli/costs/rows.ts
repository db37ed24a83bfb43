/** The rows of an estimate. */

import type { Price, Unit } from "./prices";

/** A planned or deployed resource of a stack, with Terraform's type and values. */
export interface StackResource {
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

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

/** Formats an amount in USD; `≈` marks a price that was not read on a page of AWS. */
export function usd(amount: number, approximate: boolean): string {
  const digits = amount === 0 || amount >= 1 ? amount.toFixed(2) : plain(Number(amount.toPrecision(2)));
  return `${approximate ? "≈ " : ""}$${digits}`;
}

/** Formats a number without an exponent. */
function plain(amount: number): string {
  return amount.toFixed(Math.max(2, 1 - Math.floor(Math.log10(amount))));
}

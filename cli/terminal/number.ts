/** Formats a number for people: four significant digits, and all digits of the whole part. */
export function shortNumber(value: number): string {
  const digits = Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
  return String(digits);
}

/** The same with a sign, for differences. */
export function signedNumber(value: number): string {
  return `${value > 0 ? "+" : ""}${shortNumber(value)}`;
}

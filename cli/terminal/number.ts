/**
 * Formats a number for people: four significant digits, and all digits of the whole part.
 *
 * @param threshold a number that the value is compared with: digits are added until the two differ
 */
export function shortNumber(value: number, threshold?: number): string {
  const whole = Math.trunc(Math.abs(value)).toString().length;
  for (let digits = Math.max(4, whole); digits <= 17; digits++) {
    const short = Number(value.toPrecision(digits));
    if (short !== threshold || value === threshold) return String(short);
  }
  return String(value);
}

/** The same with a sign, for differences. */
export function signedNumber(value: number): string {
  return `${value > 0 ? "+" : ""}${shortNumber(value)}`;
}

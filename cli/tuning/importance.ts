/** How much each tuned hyperparameter matters, as far as the jobs of one tuning show it. */

/** A training job that reported the objective. */
export interface Observation {
  readonly objective: number;
  readonly hyperparameters: Readonly<Record<string, string>>;
}

/** With fewer jobs, chance alone makes one hyperparameter look important. */
export const fewestObservations = 10;

/** Groups that the values of a number are divided into: low, middle, high. */
const groupsOfNumbers = 3;

/**
 * The share of the objective's rank variance that each hyperparameter explains by itself, between 0 and 1; undefined with
 * too few jobs, or if all of them are equal.
 *
 * Jobs are grouped by the hyperparameter's value: numbers as low, middle and high, so that a best value in the middle
 * counts, too. The share is the effect size of the Kruskal-Wallis test, from which what chance would explain is
 * subtracted. https://en.wikipedia.org/wiki/Kruskal%E2%80%93Wallis_test
 */
export function importances(
  observations: readonly Observation[],
  isNumber: Readonly<Record<string, boolean>>,
): Readonly<Record<string, number>> | undefined {
  const ranks = midranks(observations.map(({ objective }) => objective));
  if (observations.length < fewestObservations || new Set(ranks).size === 1) return undefined;
  const shares = Object.entries(isNumber).map(([name, isNumeric]) => {
    const values = observations.map(({ hyperparameters }) => hyperparameters[name] ?? "");
    return [name, explained(ranks, isNumeric ? thirds(values.map(Number)) : values)] as const;
  });
  return Object.fromEntries(shares.sort(([, one], [, other]) => other - one));
}

/** The share of the variance of `ranks` between groups, less what as many groups would explain by chance. */
function explained(ranks: readonly number[], labels: readonly (string | number)[]): number {
  const groups = new Map<string | number, number[]>();
  for (const [index, rank] of ranks.entries()) {
    const label = labels[index] ?? "";
    groups.set(label, [...(groups.get(label) ?? []), rank]);
  }
  const [n, k] = [ranks.length, groups.size];
  if (k < 2 || k === n) return 0;
  const center = mean(ranks);
  const total = sum(ranks.map((rank) => (rank - center) ** 2));
  const between = sum([...groups.values()].map((group) => group.length * (mean(group) - center) ** 2));
  return Math.max(0, (((n - 1) * between) / total - (k - 1)) / (n - k));
}

/** The third that each value is in; equal values are in the same. */
function thirds(values: readonly number[]): number[] {
  return midranks(values).map((rank) => Math.floor((groupsOfNumbers * (rank - 0.5)) / values.length));
}

/** Ranks from 1; equal values have the mean of their ranks. */
function midranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

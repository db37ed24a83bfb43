/** Ranges of hyperparameters: what a tuning job searches. */

import { limits, refusal } from "./limits";

const scalings = {
  auto: "Auto",
  linear: "Linear",
  logarithmic: "Logarithmic",
  "reverse-logarithmic": "ReverseLogarithmic",
} as const;

/** The names of all scalings. */
export const scalingNames = Object.keys(scalings) as (keyof typeof scalings)[];

/** Numbers from `min` to `max`, both included. */
export interface NumberRange {
  readonly kind: "integer" | "continuous";
  readonly min: number;
  readonly max: number;
  /**
   * How densely the search looks: `logarithmic` for a range over several orders of magnitude, `reverse-logarithmic` for a
   * share close to 1.
   *
   * @default "auto": SageMaker decides
   */
  readonly scaling?: keyof typeof scalings;
}

/** Values without an order. */
export interface CategoricalRange {
  readonly kind: "categorical";
  readonly values: readonly (string | number | boolean)[];
}

export type TuningRange = NumberRange | CategoricalRange;

/** Ranges by the name of their hyperparameter. */
export type TuningRanges = Readonly<Record<string, TuningRange>>;

/** @throws Error that names the range, and the limit with its source */
export function checkRanges(ranges: TuningRanges): void {
  const count = Object.keys(ranges).length;
  if (count < 1 || count > limits.ranges) {
    throw refusal(`tuning.ranges must have 1 to ${limits.ranges} hyperparameters, got ${count}`, "ranges");
  }
  for (const [name, range] of Object.entries(ranges)) {
    const place = `tuning.ranges.${name}`;
    if (range.kind === "categorical") checkCategories(place, range);
    else checkNumbers(place, range);
  }
}

function checkNumbers(place: string, { kind, min, max, scaling = "auto" }: NumberRange): void {
  for (const [name, value] of Object.entries({ min, max })) {
    if (!Number.isFinite(value)) throw new Error(`${place}.${name} must be a finite number, got ${value}`);
    if (kind === "integer" && !Number.isInteger(value)) {
      throw new Error(`${place}.${name} must be a whole number, got ${value}: or set kind: "continuous"`);
    }
  }
  if (min > max) throw new Error(`${place}: min must be smaller than max, got ${min} and ${max}: swap them`);
  if (min === max) throw oneValue(place, min);
  if (scaling === "logarithmic" && min <= 0) {
    throw refusal(
      `${place}.min must be greater than 0, got ${min}: a logarithmic scale has no other values; set another scaling`,
      "scaling",
    );
  }
  if (scaling === "reverse-logarithmic") checkReverseLogarithmic(place, { kind, min, max });
}

function checkReverseLogarithmic(place: string, { kind, min, max }: NumberRange): void {
  if (kind !== "continuous") {
    throw refusal(
      `${place}.scaling must be another one, got reverse-logarithmic, which only continuous ranges can have`,
      "scaling",
    );
  }
  if (min < 0 || max >= 1) {
    throw refusal(
      `${place} must be within 0 and 1, without 1, to be reverse-logarithmic, got ${min} to ${max}: narrow it, or set another scaling`,
      "scaling",
    );
  }
}

function checkCategories(place: string, { values }: CategoricalRange): void {
  const texts = values.map(String);
  const [first] = texts;
  if (first === undefined) throw new Error(`${place}.values must not be empty: list two values or more`);
  const repeated = texts.find((text, index) => texts.indexOf(text) !== index);
  if (texts.length === 1 || new Set(texts).size === 1) throw oneValue(place, first);
  if (repeated !== undefined) {
    throw refusal(`${place}.values must differ, got ${repeated} twice`, "oneValue");
  }
  if (texts.length > limits.categories) {
    throw refusal(`${place}.values must be at most ${limits.categories}, got ${texts.length}`, "categories");
  }
  const long = texts.find((text) => text.length > limits.characters);
  if (long !== undefined) {
    throw refusal(
      `${place}.values must have at most ${limits.characters} characters each, got ${long.length}`,
      "categories",
    );
  }
}

function oneValue(place: string, value: number | string): Error {
  return refusal(
    `${place} must have two values or more, got only ${value}, which SageMaker refuses: set it in training.hyperparameters and remove the range`,
    "oneValue",
  );
}

/** How many combinations of values there are; infinite with a continuous range. */
export function combinations(ranges: TuningRanges): number {
  return Object.values(ranges).reduce((product, range) => product * size(range), 1);
}

function size(range: TuningRange): number {
  switch (range.kind) {
    case "categorical":
      return range.values.length;
    case "integer":
      return range.max - range.min + 1;
    case "continuous":
      return Number.POSITIVE_INFINITY;
  }
}

/** Ranges in the form of SageMaker's requests, which have numbers as strings. */
export function parameterRanges(ranges: TuningRanges) {
  const all = Object.entries(ranges);
  const numbers = (wanted: NumberRange["kind"]) =>
    all.flatMap(([Name, range]) =>
      range.kind === wanted
        ? [
            {
              Name,
              MinValue: String(range.min),
              MaxValue: String(range.max),
              ScalingType: scalings[range.scaling ?? "auto"],
            },
          ]
        : [],
    );
  return {
    IntegerParameterRanges: numbers("integer"),
    ContinuousParameterRanges: numbers("continuous"),
    CategoricalParameterRanges: all.flatMap(([Name, range]) =>
      range.kind === "categorical" ? [{ Name, Values: range.values.map(String) }] : [],
    ),
  };
}

/** A range as a short text, such as `2 to 12`. */
export function rangeText(range: TuningRange): string {
  return range.kind === "categorical" ? range.values.join(", ") : `${range.min} to ${range.max}`;
}

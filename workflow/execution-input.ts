/**
 * The execution input: the only definition of its keys, their valid values and their meaning.
 *
 * The checks in the state machine and in the commands are derived from it; a test compares docs/execution-input.md with it.
 */

import { expression, type Jsonata, joined, jsonata } from "./asl/jsonata";
import { longestWhy, type Reason, reasonKinds } from "./retraining/retraining";
import { type EarlierJobKey, earlierJobs, type From, stageNames, stages } from "./stages";
import { expectedTuning, type TuningBounds, type TuningInput, validTuning } from "./tuning/input";

/** The parts of a deployed workflow that decide which input is valid. */
export interface InputRules {
  /** The prefix of the raw data; ends with `/`. */
  readonly dataPrefix: string;
  /** Names of the hyperparameters that the workflow declares. */
  readonly hyperparameters: readonly string[];
  /** The tuning, if the workflow has one. */
  readonly tuning?: TuningBounds;
  /** The start of the names of its jobs. */
  readonly baseName: string;
}

interface InputKey {
  /** The valid values, as the end of the sentence "<key> must be …". */
  expected(rules: InputRules): string;
  /** JSONata predicate on `$value`; it never throws for any value. Undefined if the workflow has no such key. */
  valid(rules: InputRules): Jsonata | undefined;
  /** The key's meaning, and its default. */
  readonly description: string;
}

const isString = jsonata`$type($value) = "string"`;

const name = (description: string) =>
  ({
    expected: () => "a string of at most 256 characters with a letter or digit",
    valid: () => jsonata`${isString} ? $length($value) <= 256 and $contains($value, /[A-Za-z0-9]/) : false`,
    description,
  }) satisfies InputKey;

/** Names like those of serverless endpoints; see `stableEndpointName`. */
const endpointNameKey = (description: string): InputKey => {
  const anyName = name(description);
  return {
    expected: () => `${anyName.expected()}, neither serverless nor beginning with serverless-`,
    valid: () =>
      jsonata`(${anyName.valid()}) ? $not($contains($lowercase($replace($value, /[^A-Za-z0-9]+/, "-")), /^-?serverless(-|$)/)) : false`,
    description,
  };
};

/** The hyperparameters that an input may set: not those that the execution searches. */
function free(hyperparameters: readonly string[], tuning: TuningBounds | undefined) {
  if (tuning === undefined) return hyperparameters;
  const fixed = hyperparameters.filter((one) => !(one in tuning.ranges));
  return jsonata`($type($lookup($input, "Tuning")) = "boolean" ? ${hyperparameters} : ${fixed})`;
}

const partOfName = "It becomes part of the name in lower case. Default: the execution's name.";

/** JSONata predicate on `$value`: the keys of one stage, with names of the workflow's own jobs. */
function isFrom({ baseName }: InputRules): Jsonata {
  const needed = Object.fromEntries(stageNames.map((stage) => [stage, stages[stage].needs]));
  const wrong = (Object.keys(earlierJobs) as EarlierJobKey[]).map((key) =>
    expression(
      `"${key}" in $needed and $not($type($value.${key}) = "string" ? $contains($value.${key}, /^${baseName}-(${earlierJobs[key].join("|")})-[a-z0-9-]{1,50}$/) : false)`,
    ),
  );
  return jsonata`$type($value) = "object" ? ($type($value.State) = "string" ? (
    $needed := $lookup(${needed}, $value.State);
    $exists($needed)
      and $count($keys($value)[$not($ in $append($needed, "State"))]) = 0
      and $not(${joined(wrong, " or ")})
  ) : false) : false`;
}

/** JSONata predicate on `$value`: a reason that has no other keys than these. */
export function isReason(keys: readonly string[]): Jsonata {
  return jsonata`$type($value) = "object" ? (
    $count($keys($value)[$not($ in ${keys})]) = 0
      and $count($each($value, function($v) { $type($v) })[$ != "string"]) = 0
      and $count([$value.Kind[$ in ${reasonKinds}]]) = 1
      and $count([$value.Why[$type($) = "string"][$length($) > 0 and $length($) <= ${longestWhy}]]) = 1
  ) : false`;
}

export const executionInput = {
  PreprocessingJobName: name(`Name of the processing job. ${partOfName}`),
  TrainingJobName: name(`Name of the training job. ${partOfName}`),
  ModelName: name(`Name of the model. ${partOfName}`),
  EndpointConfigName: name(`Name of the endpoint configuration. ${partOfName}`),
  EndpointName: endpointNameKey(
    "Name of the endpoint. It becomes part of the name in lower case. Default: the environment's endpoint, which is created or updated.",
  ),
  ModelDataUrl: {
    expected: () => "a string",
    valid: () => isString,
    description:
      "Ignored, and listed in `IgnoredInput` of the report, because the training job reports the model's address. The recipe's input has this key.",
  },
  DataPrefix: {
    expected: ({ dataPrefix }) => `a string that starts with ${dataPrefix} and ends with /`,
    valid: ({ dataPrefix }) =>
      jsonata`${isString} ? $substring($value, 0, ${dataPrefix.length}) = ${dataPrefix} and $substring($value, -1) = "/" : false`,
    description: "Prefix of the raw data in its bucket. Default: the workflow's data prefix.",
  },
  Cache: {
    expected: () => "true or false",
    valid: () => jsonata`$type($value) = "boolean"`,
    description:
      "`false` runs each job, whatever earlier ones have made ([cache](cache.md)); their results are recorded. Default: true. A workflow without a cache runs each job.",
  },
  Threshold: {
    expected: () => "a number",
    valid: () => jsonata`$type($value) = "number"`,
    description:
      "The gate's metric must be greater than this, or smaller if that is better. Default: the deployed threshold.",
  },
  HyperParameters: {
    expected: ({ hyperparameters, tuning }) =>
      `an object of strings, numbers and booleans under the names ${hyperparameters.join(", ")}${
        tuning === undefined ? "" : `; ${Object.keys(tuning.ranges).join(", ")} only if Tuning is false`
      }`,
    valid: ({ hyperparameters, tuning }) => jsonata`$type($value) = "object" ? (
      $count($keys($value)[$not($ in ${free(hyperparameters, tuning)})]) = 0
        and $count($each($value, function($v) { $type($v) })[$not($ in ["string", "number", "boolean"])]) = 0
    ) : false`,
    description: "Overrides the hyperparameters of the deployed definition one by one.",
  },
  Tuning: {
    expected: ({ tuning }) => expectedTuning(tuning),
    valid: ({ tuning }) => tuning && validTuning(tuning),
    description:
      "Trains once with `false`, or narrows the search for this execution. Only a workflow with `tuning` has this key. Default: the deployed tuning.",
  },
  From: {
    expected: () =>
      `an object with State (${stageNames.join(" or ")}) and the names of earlier jobs of this workflow: ProcessingJobName and, for ModelEvaluation, TrainingJobName`,
    valid: isFrom,
    description:
      "Starts at this stage, with the results of the earlier jobs ([resuming](resume.md)). Default: at the beginning.",
  },
  Reason: {
    expected: () =>
      `an object with Kind (${reasonKinds.join(", ")}), Why (1 to ${longestWhy} characters) and, optionally, DecidedBy`,
    valid: () => isReason(["Kind", "Why", "DecidedBy"]),
    description:
      "Why the execution runs ([retraining](retraining.md)). It stands in the tags of the jobs, in the model package and in the report. Default: none.",
  },
} as const satisfies Readonly<Record<string, InputKey>>;

/** An execution's input; every key is optional. */
export interface ExecutionInput {
  readonly PreprocessingJobName?: string;
  readonly TrainingJobName?: string;
  readonly ModelName?: string;
  readonly EndpointConfigName?: string;
  readonly EndpointName?: string;
  readonly ModelDataUrl?: string;
  readonly DataPrefix?: string;
  readonly Cache?: boolean;
  readonly Threshold?: number;
  readonly HyperParameters?: Readonly<Record<string, string | number | boolean>>;
  readonly Tuning?: TuningInput;
  readonly From?: From;
  readonly Reason?: DecidedReason;
}

/** A reason, and the execution that decided to follow it. */
export interface DecidedReason extends Reason {
  readonly DecidedBy?: string;
}

// The interface is written out for readability; this line does not compile if it differs from the table.
export const executionInputKeys: readonly (keyof ExecutionInput)[] = Object.keys(
  executionInput satisfies Record<keyof ExecutionInput, InputKey>,
) as (keyof typeof executionInput)[];

/** Limits of the reported problems of one input, and of the characters that each shows of a value. */
const maxProblems = 14;
const maxShown = 200;

/**
 * JSONata: the problems of the input `source`, as an array of sentences; empty if there is none.
 *
 * They are short for any input, because an input may have up to 256 KiB, but a variable and a cause less.
 */
export function inputProblems(source: Jsonata, rules: InputRules): Jsonata {
  const keys = inputKeys(rules);
  return jsonata`(
    $input := ${source};
    $type($input) != "object" ? ["The execution input must be a JSON object, got " & ${shown(jsonata`$input`)}] : (
      $found := [
        ${joined(keyProblems(rules), ", ")},
        $keys($input)[$not($ in ${keys})].("The keys must be among " & ${keys.join(", ")} & ", got " & ${shown(jsonata`$`)})
      ];
      $more := $count($found) - ${maxProblems};
      $more > 0 ? $append($found[[0..${maxProblems - 1}]], "and " & $string($more) & " more") : $found
    )
  )`;
}

/** The keys that an execution of the workflow knows. */
function inputKeys(rules: InputRules): string[] {
  const all = Object.entries<InputKey>(executionInput);
  return all.filter(([, { valid }]) => valid(rules) !== undefined).map(([key]) => key);
}

/** JSONata: the problems of the keys in `$input`, by check. */
function keyProblems(rules: InputRules): Jsonata[] {
  // Keys with the same valid values share one check.
  const checks = new Map<Jsonata, string[]>();
  for (const [key, { expected, valid }] of Object.entries<InputKey>(executionInput)) {
    const predicate = valid(rules);
    if (predicate === undefined) continue;
    const problem = jsonata`$key & ${` must be ${expected(rules)}, got `} & ${shown(jsonata`$value`)}`;
    const check = jsonata`(${predicate}) ? [] : ${problem}`;
    checks.set(check, [...(checks.get(check) ?? []), key]);
  }
  return [...checks].map(
    ([check, keys]) => jsonata`${keys}.(
      $key := $;
      $value := $lookup($input, $key);
      $exists($value) ? (${check})
    )`,
  );
}

function shown(value: Jsonata): Jsonata {
  return jsonata`$substring($string(${value}), 0, ${maxShown})`;
}

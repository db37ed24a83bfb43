/**
 * The execution input: the one place that says which keys there are, what they may hold and what they do.
 *
 * The state machine's check and the execution starter's derive from it; a test compares docs/execution-input.md with it.
 */

import { type Jsonata, joined, jsonata } from "./asl/jsonata";

/** What of a deployed workflow decides which input is good. */
interface InputRules {
  /** The prefix under which the raw data lies; ends with `/`. */
  readonly dataPrefix: string;
  /** Names of the hyperparameters that the workflow declares. */
  readonly hyperparameters: readonly string[];
}

interface InputKey {
  /** What a value must be, as the end of the sentence "<key> must be …". */
  expected(rules: InputRules): string;
  /** JSONata predicate over `$value`; it never throws, whatever the value. */
  valid(rules: InputRules): Jsonata;
  /** What the key does, and what happens without it. */
  readonly description: string;
}

const isString = jsonata`$type($value) = "string"`;

const name = (description: string): InputKey => ({
  expected: () => "a string with a letter or digit in it, at most 256 characters",
  valid: () => jsonata`${isString} ? $length($value) <= 256 and $contains($value, /[A-Za-z0-9]/) : false`,
  description,
});

/** What the endpoints of the serverless kind are called like; see `stableEndpointName`. */
const endpointNameKey = (description: string): InputKey => {
  const anyName = name(description);
  return {
    expected: (rules) => `${anyName.expected(rules)}, neither serverless nor beginning with serverless-`,
    valid: (rules) =>
      jsonata`(${anyName.valid(rules)}) ? $not($contains($lowercase($replace($value, /[^A-Za-z0-9]+/, "-")), /^-?serverless(-|$)/)) : false`,
    description,
  };
};

const partOfName = "Lower-cased, it becomes part of the name; without it, the execution's name does.";

export const executionInput = {
  PreprocessingJobName: name(`Name of the processing job. ${partOfName}`),
  TrainingJobName: name(`Name of the training job. ${partOfName}`),
  ModelName: name(`Name of the model. ${partOfName}`),
  EndpointConfigName: name(`Name of the endpoint configuration. ${partOfName}`),
  EndpointName: endpointNameKey(
    "Name of the endpoint. Lower-cased, it becomes part of the name; without it, the environment's one endpoint is created or updated.",
  ),
  ModelDataUrl: {
    expected: () => "a string",
    valid: () => isString,
    description:
      "Ignored, and the report says so: the training job reports where its model lies. A recipe's input has it.",
  },
  DataPrefix: {
    expected: ({ dataPrefix }) => `a string that starts with ${dataPrefix} and ends with /`,
    valid: ({ dataPrefix }) =>
      jsonata`${isString} ? $substring($value, 0, ${dataPrefix.length}) = ${dataPrefix} and $substring($value, -1) = "/" : false`,
    description: "Where the raw data lies in its bucket. Without it, the workflow's data prefix.",
  },
  Threshold: {
    expected: () => "a number",
    valid: () => jsonata`$type($value) = "number"`,
    description:
      "What the gate's metric must be greater than, or smaller than where that is better. Without it, the deployed threshold.",
  },
  HyperParameters: {
    expected: ({ hyperparameters }) =>
      `an object of strings, numbers and booleans under the names ${hyperparameters.join(", ")}`,
    valid: ({ hyperparameters }) => jsonata`$type($value) = "object" ? (
      $count($keys($value)[$not($ in ${hyperparameters})]) = 0
        and $count($each($value, function($v) { $type($v) })[$not($ in ["string", "number", "boolean"])]) = 0
    ) : false`,
    description: "Hyperparameters that replace, one by one, those of the deployed definition.",
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
  readonly Threshold?: number;
  readonly HyperParameters?: Readonly<Record<string, string | number | boolean>>;
}

// The interface is written out for its readers; this line does not compile when it and the table differ.
export const executionInputKeys: readonly (keyof ExecutionInput)[] = Object.keys(
  executionInput satisfies Record<keyof ExecutionInput, InputKey>,
) as (keyof typeof executionInput)[];

/** Problems that are told of one input, and characters that each shows of what was given. */
const maxProblems = 10;
const maxShown = 200;

/**
 * JSONata: the problems of the input `source`, as an array of sentences; empty where there is none.
 *
 * However large the input is, they are short: an input has up to 256 KiB, a variable and a cause have less.
 */
export function inputProblems(source: Jsonata, rules: InputRules): Jsonata {
  return jsonata`(
    $input := ${source};
    $type($input) != "object" ? ["The execution input must be a JSON object, got " & ${shown(jsonata`$input`)}] : (
      $found := [
        ${joined(keyProblems(rules), ", ")},
        $keys($input)[$not($ in ${executionInputKeys})].("Unknown key " & ${shown(jsonata`$`)} & ", known are " & ${executionInputKeys.join(", ")})
      ];
      $more := $count($found) - ${maxProblems};
      $more > 0 ? $append($found[[0..${maxProblems - 1}]], "and " & $string($more) & " more") : $found
    )
  )`;
}

/** JSONata: for each check, the problems of the keys in `$input` that it is for. */
function keyProblems(rules: InputRules): Jsonata[] {
  // Keys that may hold the same share one check.
  const checks = new Map<Jsonata, string[]>();
  for (const [key, { expected, valid }] of Object.entries<InputKey>(executionInput)) {
    const problem = jsonata`$key & ${` must be ${expected(rules)}, got `} & ${shown(jsonata`$value`)}`;
    const check = jsonata`(${valid(rules)}) ? [] : ${problem}`;
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

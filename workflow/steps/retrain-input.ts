import { type Jsonata, jsonata } from "../asl/jsonata";
import { otherwise } from "../asl/states";
import { isReason } from "../execution-input";
import { failState } from "../failures";
import { longestWhy, type Reason, reasonKinds } from "../retraining/retraining";
import type { Step } from "../step";

/** The input of one decision on a retraining. */
export interface RetrainInput {
  readonly Reason: Reason;
  /** Overrides cool-down, day's limit and a lack of changes; of a manual reason only. */
  readonly Force?: boolean;
}

const input = jsonata`$states.context.Execution.Input`;

const shown = (value: Jsonata) => jsonata`$substring($string(${value}), 0, 200)`;

const reasonProblem = `Reason must be an object with Kind (${reasonKinds.join(", ")}) and Why (a text of 1 to ${longestWhy} characters), got `;

/** JSONata: what is wrong with the input, each with what was given and how it must be. */
const inputProblems = jsonata`$type(${input}) != "object"
  ? ["The input must be an object with Reason and, optionally, Force, got " & ${shown(input)}] : [
    $keys(${input})[$not($ in ["Reason", "Force"])].($ & " is not a key of the input: it has Reason and Force"),
    ($value := ${input}.Reason; (${isReason(["Kind", "Why"])}) ? [] : $exists($value) ? ${reasonProblem} & ${shown(jsonata`$value`)}
      : ${`${reasonProblem}none`}),
    $exists(${input}.Force) and $type(${input}.Force) != "boolean"
      ? "Force must be true or false, got " & ${shown(jsonata`${input}.Force`)}
      : ${input}.Force = true and $type(${input}.Reason) = "object" and ${input}.Reason.Kind != "manual"
        ? "Force is for reasons of the kind manual only, got one of the kind " & ${shown(jsonata`${input}.Reason.Kind`)} : []
  ]`;

/** Checks the input of a decision on a retraining. */
export function retrainInputStep(next: string): Step {
  return {
    states: {
      ReadRetrainInput: { Type: "Pass", Assign: { inputProblems }, Next: "CheckRetrainInput" },
      CheckRetrainInput: {
        Type: "Choice",
        Choices: [
          {
            Condition: jsonata`$count($inputProblems) = 0`,
            Assign: { reason: jsonata`${input}.Reason`, forced: jsonata`${input}.Force = true` },
            Next: next,
          },
          otherwise(
            { failure: jsonata`{"state": "CheckRetrainInput", "reason": $join($inputProblems, "; ")}` },
            "InvalidInput",
          ),
        ],
      },
      InvalidInput: failState("InvalidInput"),
      DecisionFailed: failState("DecisionFailed"),
    },
    policyStatements: [],
  };
}

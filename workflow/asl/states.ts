/**
 * Types of Amazon States Language with JSONata: only valid fields of a state compile.
 *
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */

import { type Json, type Jsonata, type JsonObject, jsonata } from "./jsonata";

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: "FULL" | "NONE";
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Assign?: JsonObject;
  readonly Output?: Json;
  readonly Next: string;
}

type Transition =
  | { readonly Next: string; readonly End?: never }
  | { readonly End: true; readonly Next?: never };

interface Described {
  readonly Comment?: string;
}

/** The fields of a Task state other than its call. */
export type TaskBody = Described & {
  readonly Arguments: JsonObject;
  readonly Assign?: JsonObject;
  readonly Output?: Json;
  readonly TimeoutSeconds?: number;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
} & Transition;

export type TaskState = { readonly Type: "Task"; readonly Resource: string } & TaskBody;

export type PassState = Described & {
  readonly Type: "Pass";
  readonly Assign?: JsonObject;
  readonly Output?: Json;
} & Transition;

export interface ChoiceRule {
  readonly Condition: Jsonata;
  readonly Assign?: JsonObject;
  readonly Next: string;
}

export interface ChoiceState extends Described {
  readonly Type: "Choice";
  readonly Choices: readonly ChoiceRule[];
  /** The next state if no rule matches; alternatively, the last rule always matches. */
  readonly Default?: string;
}

/**
 * The last rule of a Choice, which always matches.
 *
 * It replaces a Default that assigns: AWS's pages say that a Choice state's own Assign also applies to its rules, but
 * interpreters apply it to the default only. https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
 */
export function otherwise(Assign: JsonObject, Next: string): ChoiceRule {
  return { Condition: jsonata`true`, Assign, Next };
}

export type WaitState = Described & {
  readonly Type: "Wait";
  readonly Seconds: number | Jsonata;
  readonly Assign?: JsonObject;
} & Transition;

export type MapState = Described & {
  readonly Type: "Map";
  readonly Items: readonly Json[] | Jsonata;
  readonly MaxConcurrency?: number;
  readonly ItemProcessor: { readonly ProcessorConfig: { readonly Mode: "INLINE" } } & StateGraph;
  readonly Assign?: JsonObject;
  readonly Output?: Json;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
} & Transition;

export interface SucceedState extends Described {
  readonly Type: "Succeed";
  readonly Output?: Json;
}

export interface FailState extends Described {
  readonly Type: "Fail";
  readonly Error: string;
  readonly Cause: string;
}

export type State = TaskState | PassState | ChoiceState | WaitState | MapState | SucceedState | FailState;

export interface StateGraph {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export interface StateMachineDefinition extends StateGraph {
  readonly Comment: string;
  readonly QueryLanguage: "JSONata";
  readonly TimeoutSeconds: number;
}

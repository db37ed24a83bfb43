/** Reads from the plans of its stacks what a deploy of an environment would change. */

import type { Durations } from "../costs/durations";
import type { Estimate } from "../costs/formulas";
import type { StackResource } from "../costs/rows";
import { estimateResources, type Machine } from "../costs/synthesized-stack";
import { parseDefinition } from "../terraform/definition-json";
import {
  managedChanges,
  type Plan,
  parsePlan,
  parseSynthesized,
  type Synthesized,
} from "../terraform/plan-json";
import { documentAfter, documentBefore, type JsonDocument } from "./documents";
import { type Drift, drifts, type ResourceSummary, resourceSummaries } from "./resources";
import { type AccessChange, accessChanges } from "./roles";
import { type StateMachineChange, stateMachineChanges } from "./state-machines";
import { Tokens } from "./tokens";

/** A stack with a plan. */
export interface PlannedStack {
  readonly name: string;
  /** The parsed output of `terraform show -json <plan>`. */
  readonly plan: unknown;
  /** The stack's parsed `cdk.tf.json`. */
  readonly synthesized: unknown;
}

/** A stack that can only be planned after another one is deployed. */
interface WaitingStack {
  readonly name: string;
  readonly after: string;
}

export interface ReviewInput {
  readonly environment: string;
  readonly stacks: readonly (PlannedStack | WaitingStack)[];
  readonly region: string;
  /** @default 4 */
  readonly runsPerMonth?: number;
  /** @default - `defaultDurations` of the estimate */
  readonly durations?: Partial<Durations>;
}

/** How the deploy changes the cost of a stack. Its state machines are estimated together, because they share an endpoint. */
export interface CostChange {
  /** Absent if there is no state machine yet. */
  readonly before?: Estimate;
  /** Absent if the state machines are destroyed. */
  readonly after?: Estimate;
}

/** The changes of one stack. */
export interface StackReview {
  readonly name: string;
  readonly resources: readonly ResourceSummary[];
  readonly access: readonly AccessChange[];
  readonly stateMachines: readonly StateMachineChange[];
  /** Absent if the stack has no state machine, or one that cannot be read. */
  readonly cost?: CostChange;
  readonly drifts: readonly Drift[];
  /** Names of outputs that change. */
  readonly outputs: readonly string[];
}

export interface Review {
  readonly environment: string;
  readonly stacks: readonly StackReview[];
  readonly waiting: readonly WaitingStack[];
  /** Whether a deploy would change anything. */
  readonly hasChanges: boolean;
}

/**
 * Reads the plans of an environment's stacks.
 *
 * @throws Error if a plan or a stack is not in the format of Terraform and CDKTF
 */
export function readPlans(input: ReviewInput): Review {
  const stacks: StackReview[] = [];
  const waiting: WaitingStack[] = [];
  for (const stack of input.stacks) {
    if ("after" in stack) waiting.push(stack);
    else stacks.push(reviewStack(stack, input));
  }
  const hasChanges =
    waiting.length > 0 ||
    stacks.some(({ resources, outputs, drifts }) => resources.length + outputs.length + drifts.length > 0);
  return { environment: input.environment, stacks, waiting, hasChanges };
}

function reviewStack({ name, ...stack }: PlannedStack, options: ReviewInput): StackReview {
  const plan = parsePlan(name, stack.plan);
  const synthesized = parseSynthesized(name, stack.synthesized);
  const tokens = new Tokens(plan, synthesized);
  return {
    name,
    resources: resourceSummaries(plan, synthesized),
    access: accessChanges(plan, synthesized, tokens),
    stateMachines: stateMachineChanges(plan, synthesized, tokens),
    cost: costChange(plan, synthesized, tokens, options),
    drifts: drifts(plan, synthesized),
    outputs: Object.entries(plan.output_changes)
      .filter(([, { actions }]) => actions.some((action) => action !== "no-op"))
      .map(([output]) => output),
  };
}

function costChange(
  plan: Plan,
  stack: Synthesized,
  tokens: Tokens,
  { region, runsPerMonth, durations }: ReviewInput,
): CostChange | undefined {
  const changes = managedChanges(plan);
  const machines = changes.filter(({ type }) => type === "aws_sfn_state_machine");
  const resources = (when: "before" | "after"): StackResource[] =>
    changes.flatMap(({ type, change }) => {
      const values = change[when];
      return values === null || values === undefined ? [] : [{ type, values }];
    });
  const estimate = (when: "before" | "after", documents: readonly JsonDocument[]) => {
    const found = documents.flatMap(({ json }, index): Machine[] => {
      const name = machines[index]?.change[when]?.name;
      return json === undefined
        ? []
        : [
            {
              name: typeof name === "string" ? name : undefined,
              definition: parseDefinition(JSON.stringify(json)),
            },
          ];
    });
    return estimateResources(found, resources(when), {
      region,
      runsPerMonth,
      durations,
    });
  };
  const before = machines.map((machine) => documentBefore(machine, "definition"));
  const after = machines.map((machine) => documentAfter(machine, "definition", stack, tokens));
  // The section on the state machine reports why it cannot be read.
  if ([...before, ...after].some(({ unreadable }) => unreadable !== undefined)) return undefined;
  try {
    const change = { before: estimate("before", before), after: estimate("after", after) };
    return change.before === undefined && change.after === undefined ? undefined : change;
  } catch {
    return undefined;
  }
}

/** Retraining as plain data: its props with their defaults, the reasons for it, and what is decided about it. */

/** When a reason to retrain is followed. */
export interface RetrainingProps {
  /**
   * Hours from the begin of one retraining to the next one; 0 for none.
   *
   * @default 6
   */
  readonly coolDownInHours?: number;
  /**
   * Retrainings that may begin within 24 hours.
   *
   * @default 2
   */
  readonly mostPerDay?: number;
  /**
   * After so many retrainings in a row that were refused or failed, none begins until a person allows it.
   *
   * @default 3
   */
  readonly refusalsInARow?: number;
  /**
   * Which verdicts of the monitor ask for a retraining.
   *
   * @default - none
   */
  readonly on?: readonly MonitoredKind[];
}

/** What the monitor can ask a retraining for; of several the first is the reason. */
export const monitoredKinds = ["quality", "drift"] as const;

export type MonitoredKind = (typeof monitoredKinds)[number];

/** The props with their defaults. */
export type RetrainingSettings = Required<RetrainingProps>;

/** Who or what can ask for a retraining. */
export const reasonKinds = ["manual", "schedule", "data", "drift", "quality"] as const;

export type ReasonKind = (typeof reasonKinds)[number];

/** Longest text of a reason, in characters. */
export const longestWhy = 500;

/** Why a retraining is asked for. */
export interface Reason {
  readonly Kind: ReasonKind;
  readonly Why: string;
}

/** What is decided, and what it means. */
export const decisions = {
  Started: "An execution of the workflow was started.",
  Running: "An execution of the workflow is running.",
  CircuitOpen: "The last retrainings were all refused or failed.",
  CoolDown: "The last retraining began a short while ago.",
  DayLimit: "Enough retrainings began within 24 hours.",
  NothingChanged: "Neither data nor workflow have changed since the last retraining that succeeded.",
  FirstComes: "Another reason, decided at the same time, was first.",
} as const;

export type DecisionName = keyof typeof decisions;

/** What `Force` does not ask for. */
export const overridden = [
  "CoolDown",
  "DayLimit",
  "NothingChanged",
] as const satisfies readonly DecisionName[];

/** The output of a successful decision, whether yes or no; also what is kept in S3, and the event's detail. */
export interface RetrainingDecision {
  readonly Decision: DecisionName;
  readonly Why: string;
  /** The execution that was started, by this reason or the one that was first. */
  readonly ExecutionArn?: string;
  readonly Reason: Reason;
  /** Names of the workflow and of the execution that decided. */
  readonly Workflow: string;
  readonly DecidedBy: string;
}

/** Source and detail-type of the events, one for each decision. */
export const retrainingEvent = {
  source: "sagemaker-workflow.retraining",
  detailType: "Retraining Decision",
} as const;

/**
 * Fills in the defaults.
 *
 * @throws Error that names the prop if a value is invalid
 */
export function retrainingSettings(props: RetrainingProps): RetrainingSettings {
  const { coolDownInHours = 6, mostPerDay = 2, refusalsInARow = 3, on = [] } = props;
  if (!(Number.isFinite(coolDownInHours) && coolDownInHours >= 0)) {
    throw new Error(
      `retraining.coolDownInHours must be a number of hours, 0 for none, got ${coolDownInHours}`,
    );
  }
  return {
    coolDownInHours,
    mostPerDay: wholeNumber("retraining.mostPerDay", mostPerDay),
    refusalsInARow: wholeNumber("retraining.refusalsInARow", refusalsInARow),
    on,
  };
}

/** A page of executions has as many as can be counted. */
function wholeNumber(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > mostExecutions / 2) {
    throw new Error(`${name} must be a whole number from 1 to ${mostExecutions / 2}, got ${value}`);
  }
  return value;
}

/** How many of the newest executions of the workflow a decision looks at. */
export const mostExecutions = 100;

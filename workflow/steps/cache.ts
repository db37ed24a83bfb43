import { arn, integration } from "../arns";
import { expression, type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import { lambdaRetry } from "../asl/retries";
import type { ChoiceState, TaskBody, TaskState } from "../asl/states";
import { caughtFailure } from "../failures";
import { allow } from "../iam";
import { type JobStepDescription, jobKinds } from "../job-kinds";
import { baseName, resultsCacheFunctionName } from "../names";
import { prefixes } from "../prefixes";
import type { CacheSettings, JobSettings, Workflow } from "../settings";
import type { Step } from "../step";

/** The kinds of jobs whose results are used again. A comparison is with the model that serves now, so it always runs. */
export const cachedKinds = ["prep", "train", "tune"] as const;

export type CachedKind = (typeof cachedKinds)[number];

/** What decides whether the result of an earlier job is used, and what is set if it is. */
interface CachedJob {
  /** What the result depends on, other than image and inputs; nothing in it may change before the job has ended. */
  readonly parameters: JsonObject;
  /** Addresses of what the job reads, by channel; each ends with `/`. */
  readonly inputs: Readonly<Record<string, Jsonata>>;
  /** The job's status in lower case. */
  readonly status: Jsonata | "completed";
  /** What is recorded, from the variables that the job's states set; `JobName` names the job that wrote the objects. */
  readonly result: JsonObject & { readonly JobName: Jsonata };
  /** The same variables, from the result of an earlier job. */
  readonly variables: JsonObject;
  readonly next: string;
}

/** JSONata: what was recorded of an earlier job. */
export const earlierResult = jsonata`$earlierResult.Result`;

/** The names of the states around a job. */
export function cacheStates(kind: CachedKind) {
  const { called } = jobKinds[kind].step;
  return { find: `FindEarlier${called}`, found: `Earlier${called}Found`, record: `Record${called}` } as const;
}

/** The state with which a step begins: the question for an earlier result, or, without a cache, the job. */
export function beginningOf({ settings: { cache } }: Workflow, kind: CachedKind): string {
  return cache === undefined ? jobKinds[kind].step.state : cacheStates(kind).find;
}

/**
 * Runs a job only if no earlier one has made the same, and records what it has made.
 *
 * A cache that fails is a miss: nothing depends on it.
 *
 * @param job the step that runs the job, and goes on with a state
 */
export function cachedStep(
  workflow: Workflow,
  kind: CachedKind,
  cached: CachedJob,
  job: (next: string) => Step,
): Step {
  const { cache } = workflow.settings;
  if (cache === undefined) return job(cached.next);
  const { find, found, record } = cacheStates(kind);
  const { states, policyStatements } = job(record);
  const names = resultsCacheFunctionName(workflow.settings);
  return {
    states: {
      [find]: findEarlier(workflow, kind, cached, cache),
      [found]: earlierFound(kind, cached),
      ...states,
      [record]: recordResult(workflow, kind, cached),
    },
    policyStatements: [
      ...policyStatements,
      allow(["lambda:InvokeFunction"], [arn(workflow.references, "lambda", `function:${names}:*`)]),
    ],
  };
}

function findEarlier(
  workflow: Workflow,
  kind: CachedKind,
  cached: CachedJob,
  { maxAgeInDays }: CacheSettings,
): TaskState {
  const { find, found } = cacheStates(kind);
  return ask(workflow, kind, cached, {
    Arguments: {
      Action: "find",
      Use: jsonata`$not($states.context.Execution.Input.Cache = false)`,
      MaxAgeInDays: maxAgeInDays,
      Parameters: cached.parameters,
    },
    Assign: {
      earlierResult: jsonata`$states.result.Payload`,
      // A tuning replaces the hyperparameters by those that it has found.
      cachedParameters: cached.parameters,
      cache: explained(kind, jsonata`$states.result.Payload.Report`),
    },
    Catch: [
      {
        ErrorEquals: ["States.ALL"],
        Assign: {
          earlierResult: jsonata`{"Hit": false, "Address": "", "Seen": ""}`,
          cachedParameters: jsonata`{}`,
          cache: explained(
            kind,
            jsonata`{"Hit": false, "Reason": "the cache could not be asked: " & ${reasonOf(find)}}`,
          ),
        },
        Next: jobKinds[kind].step.state,
      },
    ],
    Next: found,
  });
}

/** A miss is the default, as an estimate of costs expects. */
function earlierFound(kind: CachedKind, { variables, next }: CachedJob): ChoiceState {
  const { nameKey }: JobStepDescription = jobKinds[kind].step;
  return {
    Type: "Choice",
    Choices: [
      {
        Condition: jsonata`$earlierResult.Hit = true`,
        Assign: { ...variables, ...(nameKey !== undefined && { ignoredInput: ignored(nameKey) }) },
        Next: next,
      },
    ],
    Default: jobKinds[kind].step.state,
  };
}

/** JSONata: the keys without effect, and the one that names the job that does not run. */
function ignored(nameKey: string): Jsonata {
  const given = expression(`$exists($states.context.Execution.Input.${nameKey}) ? "${nameKey}"`);
  return jsonata`$append($ignoredInput, ${given})`;
}

function recordResult(workflow: Workflow, kind: CachedKind, cached: CachedJob): TaskState {
  const { record } = cacheStates(kind);
  const { state } = jobKinds[kind].step;
  const before = expression(`$cache.${state}`);
  return ask(workflow, kind, cached, {
    Arguments: {
      Action: "record",
      Address: jsonata`$earlierResult.Address`,
      Seen: jsonata`$earlierResult.Seen`,
      Status: cached.status,
      Result: cached.result,
      Execution: jsonata`$states.context.Execution.Name`,
      Parameters: jsonata`$cachedParameters`,
    },
    Assign: {
      cache: explained(
        kind,
        jsonata`$merge([${before}, {
          "Recorded": $states.result.Payload.Recorded,
          "NotRecorded": $states.result.Payload.Reason
        }])`,
      ),
    },
    Catch: [
      {
        ErrorEquals: ["States.ALL"],
        Assign: {
          cache: explained(
            kind,
            jsonata`$merge([${before}, {"Recorded": false, "NotRecorded": ${reasonOf(record)}}])`,
          ),
        },
        Next: cached.next,
      },
    ],
    Next: cached.next,
  });
}

/** JSONata: the explanations of all steps until now, with that of one more. */
function explained(kind: CachedKind, explanation: Jsonata): Jsonata {
  return jsonata`$merge([$cache, ${{ [jobKinds[kind].step.state]: explanation }}])`;
}

function reasonOf(state: string): Jsonata {
  return jsonata`${caughtFailure(state)}.reason`;
}

/** A call of the cache's function, with what every one says of its step; its arguments are the rest of the event. */
function ask(
  { settings, references }: Workflow,
  kind: CachedKind,
  { inputs }: CachedJob,
  body: TaskBody,
): TaskState {
  const { resultsCacheFunctionVersionArn: FunctionName } = references;
  if (FunctionName === undefined) {
    throw new Error("cache needs a function: set resultsCacheFunctionVersionArn to its version's ARN");
  }
  const Payload = {
    ...body.Arguments,
    Step: jobKinds[kind].step.state,
    Bucket: references.bucketName,
    JobNamesBeginWith: `${baseName(settings)}-${kind}-`,
    Image: references.imageUri,
    Inputs: { ...inputs },
  };
  return {
    Type: "Task",
    Resource: integration(references, "lambda:invoke"),
    ...body,
    Arguments: { FunctionName, Payload },
    TimeoutSeconds: 60,
    // Running the job again costs less than a long wait.
    Retry: lambdaRetry.map((retrier) => ({ ...retrier, MaxAttempts: 2 })),
  };
}

/** The code of a script in a key: its folder and the hash of its content. */
export function codeOf(codeKey: string): string {
  return codeKey.slice(prefixes.code.length);
}

/**
 * The instances in a key: how many, and the hardware that results may depend on.
 *
 * Sizes of processors and disks decide how long a job takes; a script whose result depends on them gets a parameter.
 */
export function instancesOf({ instanceType, instanceCount }: JobSettings): JsonObject {
  const [, family = instanceType, generation = "", traits = ""] =
    /^ml\.([a-z]+)(\d+)([a-z-]*)\./.exec(instanceType) ?? [];
  const isProcessor = ["t", "m", "c", "r", "i"].includes(family);
  const architecture = traits.includes("g") ? "arm64" : "x86";
  return {
    Count: instanceCount,
    Hardware: isProcessor ? architecture : `${family}${generation}${traits}`,
  };
}

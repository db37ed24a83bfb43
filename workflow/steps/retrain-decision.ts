import { bucketArn, executionArn, stateMachineArns } from "../arns";
import { type Jsonata, jsonata } from "../asl/jsonata";
import { type ChoiceState, otherwise, type TaskState } from "../asl/states";
import { catchAll } from "../failures";
import { allow } from "../iam";
import { baseName } from "../names";
import { prefixes } from "../prefixes";
import { mostExecutions, type RetrainingSettings } from "../retraining/retraining";
import type { Workflow } from "../settings";
import { type Step, sdkTask } from "../step";

const hour = 3_600_000;

/** JSONata: now, of the decision. */
const now = jsonata`$toMillis($states.context.State.EnteredTime)`;

/** JSONata: executions that this state machine has started, the newest first. */
const retrainings = jsonata`[$executions[$contains(name, /^retrain-/)]]`;

/** JSONata: a time as text, to the minute. */
const minute = (time: Jsonata) => jsonata`$substring($fromMillis(${time}), 0, 16) & "Z"`;

/**
 * Looks at what the workflow did lately, and decides whether it may run again. What it decides against is the variable
 * `outcome`; empty if nothing is against it.
 */
export function mayRetrainStep(
  workflow: Workflow,
  retraining: RetrainingSettings,
  next: { readonly refused: string; readonly changes: string; readonly start: string },
): Step {
  const { references } = workflow;
  const machine = stateMachineArns(workflow.settings, references).workflow;
  return {
    states: {
      FindExecutions: sdkTask(workflow, "sfn", "listExecutions", {
        Arguments: { StateMachineArn: machine, MaxResults: mostExecutions },
        Assign: {
          executions: jsonata`$exists($states.result.Executions)
            ? [$sort($states.result.Executions.{
                "name": Name,
                "arn": ExecutionArn,
                "status": Status,
                "start": $toMillis(StartDate)
              }, function($one, $other) { $one.start < $other.start })]
            : $error("The list has no executions")`,
        },
        Catch: [catchAll("FindExecutions", "DecisionFailed")],
        Next: "FindReset",
      }),
      FindReset: sdkTask(workflow, "s3", "listObjectsV2", {
        Arguments: { Bucket: references.bucketName, Prefix: prefixes.retrainingReset, MaxKeys: 1 },
        Assign: {
          outcome: refusal(workflow, retraining),
          last: jsonata`(
            $succeeded := (${retrainings})[status = "SUCCEEDED"][0];
            $exists($succeeded) ? $succeeded : {}
          )`,
          executionName,
          because: jsonata`$forced ? "it was forced" : "none has succeeded before"`,
        },
        Catch: [catchAll("FindReset", "DecisionFailed")],
        Next: "MayRetrain",
      }),
      MayRetrain: {
        Type: "Choice",
        Choices: [
          { Condition: jsonata`$exists($outcome.Decision)`, Next: next.refused },
          { Condition: jsonata`$forced or $not($exists($last.arn))`, Next: next.start },
        ],
        Default: next.changes,
      },
    },
    policyStatements: [
      allow(["states:ListExecutions"], [machine]),
      listing(workflow, references.bucketName, prefixes.retrainingReset),
    ],
  };
}

/**
 * JSONata: the name of the next execution, from the retraining before it. Reasons that are decided at the same time have the
 * same name for it, and Step Functions starts only one of them.
 */
const executionName = jsonata`(
  $before := $append(${retrainings}, $executions)[0];
  $exists($before) ? "retrain-after-" & $replace($fromMillis($before.start), /[-:.Z]/, "") : "retrain-first"
)`;

/** JSONata: what is against a retraining and has nothing to do with changes, as `Decision` and `Why`; empty for nothing. */
function refusal({ settings }: Workflow, retraining: RetrainingSettings): Jsonata {
  const { coolDownInHours, mostPerDay, refusalsInARow } = retraining;
  const reset = `npm run retrain -- ${settings.environment} --reset`;
  return jsonata`(
    $mark := $exists($states.result.KeyCount) ? $states.result.Contents[0].LastModified
      : $error("The list of objects has no KeyCount");
    /* S3 has seconds only. */
    $reset := $exists($mark) ? $toMillis($mark) + 1000 : 0;
    $now := ${now};
    $all := ${retrainings};
    $running := $executions[status in ["RUNNING", "PENDING_REDRIVE"]][0];
    $ended := [$all[status in ["SUCCEEDED", "FAILED", "TIMED_OUT"] and start >= $reset]][[0..${refusalsInARow - 1}]];
    $bad := [$ended[status != "SUCCEEDED"]];
    $today := [$all[start > $now - ${24 * hour}]];
    $exists($running) ? {
      "Decision": "Running",
      "Why": "the execution " & $running.name & " of the workflow is running"
    } : $count($bad) >= ${refusalsInARow} ? {
      "Decision": "CircuitOpen",
      "Why": ${`the last ${refusalsInARow} retrainings were refused or failed: `} & $join($bad.name, ", ")
        & ${`. Find out why, and allow them again with ${reset}`}
    } : $forced ? {} : $exists($all[0]) and $now - $all[0].start < ${coolDownInHours * hour} ? {
      "Decision": "CoolDown",
      "Why": "the last retraining, " & $all[0].name & ", began at " & ${minute(jsonata`$all[0].start`)}
        & ${`, less than ${coolDownInHours} hours ago`}
    } : $count($today) >= ${mostPerDay} ? {
      "Decision": "DayLimit",
      "Why": $string($count($today)) & ${` of at most ${mostPerDay} retrainings began in the last 24 hours`}
    } : {}
  )`;
}

/** Decides whether data or workflow have changed since the last retraining that succeeded. */
export function changesStep(
  workflow: Workflow,
  next: { readonly none: string; readonly start: string },
): Step {
  const { settings, references } = workflow;
  const machine = stateMachineArns(settings, references).workflow;
  return {
    states: {
      ReadLastRevision: sdkTask(workflow, "sfn", "describeStateMachineForExecution", {
        Arguments: { ExecutionArn: jsonata`$last.arn`, IncludedData },
        Assign: { lastRevision: revision },
        Catch: [catchAll("ReadLastRevision", "DecisionFailed")],
        Next: "ReadRevision",
      }),
      ReadRevision: sdkTask(workflow, "sfn", "describeStateMachine", {
        Arguments: { StateMachineArn: machine, IncludedData },
        // A marker of a folder is no data.
        Assign: { revision, after: settings.dataPrefix },
        Catch: [catchAll("ReadRevision", "DecisionFailed")],
        Next: "DefinitionChanged",
      }),
      DefinitionChanged: {
        Type: "Choice",
        Choices: [
          {
            Condition: jsonata`$revision != $lastRevision`,
            Assign: { because: jsonata`"its code or definition have changed since " & $last.name` },
            Next: next.start,
          },
        ],
        Default: "FindNewData",
      },
      FindNewData: findNewData(workflow),
      NewDataFound: newDataFound(workflow, next),
    },
    policyStatements: [
      allow(["states:DescribeStateMachineForExecution"], [executionArn(machine, "retrain-*")]),
      allow(["states:DescribeStateMachine"], [machine]),
      listing(workflow, references.dataBucketName, `${settings.dataPrefix}*`),
    ],
  };
}

/**
 * JSONata: the revision of the state machine, which a deploy changes with its definition, and that names the code by its
 * content. The first one has none. Without the definition itself, which may be more than a result may have.
 */
const revision = jsonata`$exists($states.result.StateMachineArn)
  ? ($exists($states.result.RevisionId) ? $states.result.RevisionId : "first")
  : $error("The description is of no state machine")`;

const IncludedData = "METADATA_ONLY";

function findNewData(workflow: Workflow): TaskState {
  return sdkTask(workflow, "s3", "listObjectsV2", {
    Comment: "One page: a result may have 256 KiB only.",
    Arguments: {
      Bucket: workflow.references.dataBucketName,
      Prefix: workflow.settings.dataPrefix,
      StartAfter: jsonata`$after`,
      MaxKeys: 200,
    },
    Assign: {
      // S3 has seconds only; what came in the second of the start may be new.
      newest: jsonata`(
        $new := $states.result.Contents[$toMillis(LastModified) >= $last.start - $last.start % 1000][0].Key;
        $exists($states.result.KeyCount) ? ($exists($new) ? $new : "") : $error("The list has no KeyCount")
      )`,
      after: jsonata`$exists($states.result.Contents) ? $states.result.Contents[-1].Key : $after`,
      more: jsonata`$states.result.IsTruncated = true`,
    },
    Catch: [catchAll("FindNewData", "DecisionFailed")],
    Next: "NewDataFound",
  });
}

function newDataFound(
  { settings, references }: Workflow,
  next: { readonly none: string; readonly start: string },
): ChoiceState {
  const bucket = `s3://${references.dataBucketName}/`;
  return {
    Type: "Choice",
    Choices: [
      {
        Condition: jsonata`$newest != ""`,
        Assign: { because: jsonata`${bucket} & $newest & " is newer than the begin of " & $last.name` },
        Next: next.start,
      },
      { Condition: jsonata`$more`, Next: "FindNewData" },
      otherwise(
        {
          outcome: jsonata`{
            "Decision": "NothingChanged",
            "Why": ${`neither an object under ${bucket}${settings.dataPrefix} nor the workflow is newer than the last retraining that succeeded, `}
              & $last.name & ", begun at " & ${minute(jsonata`$last.start`)}
          }`,
        },
        next.none,
      ),
    ],
  };
}

/** Starts the workflow with the reason, unless another one was first. */
export function startRetrainingStep(workflow: Workflow, next: string): Step {
  const machine = stateMachineArns(workflow.settings, workflow.references).workflow;
  return {
    states: {
      StartRetraining: sdkTask(workflow, "sfn", "startExecution", {
        Arguments: {
          StateMachineArn: machine,
          Name: jsonata`$executionName`,
          // Of two reasons the input is never the same, or the second would be told of a start.
          Input: jsonata`$string({"Reason": $merge([$reason, {"DecidedBy": $states.context.Execution.Name}])})`,
        },
        Assign: {
          outcome: jsonata`{
            "Decision": "Started",
            "Why": $executionName & " was started: " & $because,
            "ExecutionArn": $exists($states.result.ExecutionArn) ? $states.result.ExecutionArn
              : $error("The execution that was started has no ARN")
          }`,
        },
        Catch: [
          {
            ErrorEquals: ["Sfn.ExecutionAlreadyExistsException"],
            Assign: {
              outcome: jsonata`{
                "Decision": "FirstComes",
                "Why": "another reason, decided at the same time, has started " & $executionName,
                "ExecutionArn": ${`${executionArn(machine, "")}`} & $executionName
              }`,
            },
            Next: next,
          },
          catchAll("StartRetraining", "DecisionFailed"),
        ],
        Next: next,
      }),
    },
    policyStatements: [allow(["states:StartExecution"], [machine])],
  };
}

function listing({ references }: Workflow, bucketName: string, prefix: string) {
  return allow(["s3:ListBucket"], [bucketArn(references, bucketName)], {
    conditions: { StringLike: { "s3:prefix": prefix } },
  });
}

/** JSONata: the whole decision. */
export function decisionOf({ settings }: Workflow): Jsonata {
  return jsonata`$merge([$outcome, {
    "Reason": $reason,
    "Workflow": ${baseName(settings)},
    "DecidedBy": $states.context.Execution.Name
  }])`;
}

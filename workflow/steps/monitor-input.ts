import { type Jsonata, jsonata } from "../asl/jsonata";
import { firstAttempt } from "../asl/retries";
import { otherwise } from "../asl/states";
import { failState } from "../failures";
import { folderRules, longestWindowInHours } from "../monitoring/monitor";
import { executionFolder, stableEndpointName } from "../names";
import type { MonitorSettings, Workflow } from "../settings";
import type { Step } from "../step";

/** The input of one run of the monitor; without it, the window that ends now, less the delay. */
export interface MonitorInput {
  /** Time in UTC, such as 2026-01-31T12:00:00Z; what was captured at this time belongs to the window. */
  readonly WindowStart?: string;
  /** Time in UTC; what was captured at this time does not. */
  readonly WindowEnd?: string;
}

const input = jsonata`$states.context.Execution.Input`;

/** JSONata predicate on a value: a time in UTC that exists, to the second. */
function isTime(value: Jsonata): Jsonata {
  return jsonata`$type(${value}) = "string"
    ? ($contains(${value}, /^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,3})?Z$/)
      ? $substring($fromMillis($toMillis(${value})), 0, 10) = $substring(${value}, 0, 10) : false)
    : false`;
}

/** JSONata: what is wrong with the keys of the input and their values. */
const inputProblems = jsonata`$type(${input}) != "object" ? ["The input must be an object with WindowStart and WindowEnd"] : [
  $keys(${input})[$not($ in ["WindowStart", "WindowEnd"])].($ & " is not a key of the monitor's input: it has WindowStart and WindowEnd"),
  $each(${input}, function($value, $key) {
    $key in ["WindowStart", "WindowEnd"] and $not(${isTime(jsonata`$value`)})
      ? $key & " must be a time in UTC such as 2026-01-31T12:00:00Z, got " & $substring($string($value), 0, 100)
  })
]`;

const windowProblem = jsonata`"the window from " & $fromMillis($windowStart) & " to " & $fromMillis($windowEnd)
  & ${` must end after it begins, and be at most ${longestWindowInHours} hours long`}`;

/** Checks the input of the monitor, and sets its window. */
export function monitorInputStep(workflow: Workflow, monitor: MonitorSettings, next: string): Step {
  const ends = jsonata`$exists(${input}.WindowEnd) ? $toMillis(${input}.WindowEnd)
    : $floor($toMillis($states.context.Execution.StartTime) / 60000 - ${monitor.delayInMinutes}) * 60000`;
  const starts = jsonata`$exists(${input}.WindowStart) ? $toMillis(${input}.WindowStart)
    : (${ends}) - ${monitor.windowInHours * folderRules.hour}`;
  return {
    states: {
      ReadMonitorInput: {
        Type: "Pass",
        Assign: { inputProblems },
        Next: "CheckMonitorInput",
      },
      CheckMonitorInput: {
        Type: "Choice",
        Choices: [
          {
            Condition: jsonata`$count($inputProblems) = 0`,
            Assign: {
              windowStart: starts,
              windowEnd: ends,
              executionFolder,
              endpointName: stableEndpointName(workflow.settings),
              // Of a model that serves, if there is one.
              ...{ championVariant: jsonata`""`, championSince: 0, capturedIn: jsonata`""` },
              ...firstAttempt,
            },
            Next: "CheckWindow",
          },
          otherwise(
            { failure: invalid("CheckMonitorInput", jsonata`$join($inputProblems, "; ")`) },
            "InvalidInput",
          ),
        ],
      },
      CheckWindow: {
        Type: "Choice",
        Choices: [
          {
            Condition: jsonata`$windowStart < $windowEnd and $windowEnd - $windowStart <= ${longestWindowInHours * folderRules.hour}`,
            Next: next,
          },
          otherwise({ failure: invalid("CheckWindow", windowProblem) }, "InvalidInput"),
        ],
      },
      InvalidInput: failState("InvalidInput"),
      PreparationFailed: failState("PreparationFailed"),
    },
    policyStatements: [],
  };
}

function invalid(state: string, reason: Jsonata): Jsonata {
  return jsonata`{"state": ${state}, "reason": ${reason}}`;
}

/**
 * Names of jobs and resources, as JSONata expressions that are valid for every execution.
 *
 * A name has the form `<prefix>-<environment>-<kind>-<execution>-<hash>-<attempt>`: in lower case, because SageMaker
 * lower-cases names in ARNs and IAM is case-sensitive; at most 63 characters. The hash makes names unique although an
 * execution name may be reused after 90 days, unlike job names, and a redrive starts RetryCount again at 0.
 */

import { expression, type Jsonata, jsonata } from "./asl/jsonata";
import type { EndpointKind } from "./endpoint/kinds";
import type { ExecutionInput } from "./execution-input";
import type { JobKind } from "./job-kinds";

/** The settings that all names of a deployed workflow start with. */
export interface NameScope {
  /** Lower-case letters and digits, at most 16; no hyphen, because hyphens separate the parts of a name. */
  readonly prefix: string;
  /** Lower-case letters and digits, at most 10. */
  readonly environment: string;
}

/** The settings that decide the name of a workflow's endpoint. */
export interface EndpointScope extends NameScope {
  /** @default - on instances */
  readonly endpoint?: { readonly kind?: EndpointKind };
}

/** SageMaker's limit for the names of jobs, models, endpoint configurations and endpoints. */
export const maxNameLength = 63;

/** SageMaker's limit for the names of tuning jobs. */
const maxTuningNameLength = 32;

/** What has such a name. */
type Kind = JobKind | "model" | "config" | "serverless";

const hashLength = 8;
/** Space for `-<attempt>-<retry>`: `-3-99`. */
const attemptLength = 5;

/** The prefix of every name in `scope`, also used in permissions. */
export function baseName({ prefix, environment }: NameScope): string {
  return `${prefix}-${environment}`;
}

/** The name of the state machine that releases registered versions. */
export function releaseName(scope: NameScope): string {
  return `${baseName(scope)}-release`;
}

/** What the monitor's name has after the workflow's. */
export const monitorSuffix = "-monitor";

/** The name of the state machine that judges captured traffic, and of its schedule. */
export function monitorName(scope: NameScope): string {
  return `${baseName(scope)}${monitorSuffix}`;
}

/** The name of the state machine that decides on retrainings. */
export function retrainName(scope: NameScope): string {
  return `${baseName(scope)}-retrain`;
}

/** The name of the rule that matches approvals. */
export function approvalRuleName(scope: NameScope): string {
  return `${baseName(scope)}-approved`;
}

/** The evaluation function's name. */
export function evaluationFunctionName(scope: NameScope): string {
  return `${baseName(scope)}-evaluate-model`;
}

/** The smoke test function's name. */
export function smokeTestFunctionName(scope: NameScope): string {
  return `${baseName(scope)}-smoke-test`;
}

/** The name of the function of the cache. */
export function resultsCacheFunctionName(scope: NameScope): string {
  return `${baseName(scope)}-results-cache`;
}

/**
 * Checks that names in `scope` are valid, leave space for an execution's name, and never collide with another workflow's.
 *
 * Neither part may contain a hyphen: otherwise `housing-dev` with `prod` and `housing` with `dev` could have the same
 * endpoint name, and `housing-dev-*` in a policy would match both. Without hyphens, the first two parts identify the
 * workflow.
 */
export function checkNameScope({ prefix, environment }: NameScope): void {
  if (!/^[a-z][a-z0-9]{0,15}$/.test(prefix)) {
    throw new Error(
      `prefix must be 1 to 16 lower-case letters and digits, starting with a letter, got "${prefix}"${
        prefix.includes("-")
          ? ": with a hyphen, two workflows could have the same names; write it as one word"
          : ""
      }`,
    );
  }
  if (!/^[a-z][a-z0-9]{0,9}$/.test(environment)) {
    throw new Error(
      `environment must be 1 to 10 lower-case letters and digits, starting with a letter, got "${environment}"`,
    );
  }
}

/**
 * The characters that the name of a tuning job leaves for a hash.
 *
 * @returns the room, how much a hash needs, and how long prefix and environment may be together
 */
export function tuningNameRoom(scope: NameScope) {
  const room = maxTuningNameLength - tuningNameStart(scope).length;
  const { prefix, environment } = scope;
  return { room, needed: hashLength, limit: prefix.length + environment.length + room - hashLength };
}

/** The beginning of the names of tuning jobs, and of the training jobs that they start. */
export function tuningNameStart(scope: NameScope): string {
  return `${baseName(scope)}-tune-`;
}

/** JSONata: `source` reduced to at most `length` lower-case letters, digits and single hyphens. */
function slug(source: Jsonata, length: number): Jsonata {
  return jsonata`(
    $clean := $lowercase($replace(${source}, /[^A-Za-z0-9]+/, "-"));
    $cut := $replace($substring($replace($clean, /^-/, ""), 0, ${length}), /-$/, "");
    $cut = "" ? "run" : $cut
  )`;
}

const executionName = jsonata`$states.context.Execution.Name`;

const started = jsonata`$states.context.Execution.Id & $states.context.Execution.StartTime`;
const redriveCount = jsonata`$states.context.Execution.RedriveCount`;

/**
 * JSONata: a text that is different for each execution and each redrive.
 *
 * Without a redrive the context may lack the field, which must not end the execution.
 */
const attemptText = jsonata`${started} & $string($exists(${redriveCount}) ? ${redriveCount} : 0)`;

/** JSONata: a hash of that text. */
const attemptHash = shortHash(attemptText);

/** JSONata: the name of an execution's S3 folders, the same in all its states. */
export const executionFolder = jsonata`${slug(executionName, 40)} & "-" & ${shortHash(started)}`;

/**
 * JSONata: a name of one `kind` that no earlier attempt has used.
 *
 * @param given key of the execution input that may replace the execution's name
 * @param attempt number of the attempt, if a state is entered again after a failed job
 */
export function freshName(
  scope: NameScope,
  kind: Kind,
  given: keyof ExecutionInput | undefined,
  attempt?: Jsonata | number,
): Jsonata {
  if (kind === "tune") return tuningJobName(scope, attempt);
  const start = `${baseName(scope)}-${kind}-`;
  const room = maxNameLength - start.length - 1 - hashLength - attemptLength;
  const retry = jsonata`$string($states.context.State.RetryCount)`;
  const end = attempt === undefined ? retry : jsonata`$string(${attempt}) & "-" & ${retry}`;
  return jsonata`${start} & ${slug(givenName(given), room)} & "-" & ${attemptHash} & "-" & ${end}`;
}

/** JSONata: the name of a tuning job, which has no room for more than a hash of what the other names spell out. */
function tuningJobName(scope: NameScope, attempt: Jsonata | number = 1): Jsonata {
  const { room } = tuningNameRoom(scope);
  const text = jsonata`${attemptText} & "-" & $string(${attempt}) & "-" & $string($states.context.State.RetryCount)`;
  return jsonata`${tuningNameStart(scope)} & ${shortHash(text, room)}`;
}

function givenName(key: keyof ExecutionInput | undefined): Jsonata {
  if (key === undefined) return jsonata`(${executionName})`;
  const given = expression(`$states.context.Execution.Input.${key}`);
  return jsonata`($exists(${given}) ? ${given} : ${executionName})`;
}

/**
 * The name of the workflow's endpoint.
 *
 * An endpoint cannot change its kind in place, so each kind has its own name.
 */
export function stableEndpointName(scope: EndpointScope): string {
  return scope.endpoint?.kind === "serverless" ? `${baseName(scope)}-serverless` : baseName(scope);
}

/** JSONata: the endpoint's name, the same in all executions. */
export function endpointName(scope: EndpointScope): Jsonata {
  const base = stableEndpointName(scope);
  const given = jsonata`$states.context.Execution.Input.EndpointName`;
  const room = maxNameLength - base.length - 1;
  return jsonata`$exists(${given}) ? ${`${base}-`} & ${slug(given, room)} : ${base}`;
}

/** JSONata: a name of one `kind` for the model package version in `$package`, the same for each of its releases. */
export function versionName(scope: NameScope, kind: Kind): Jsonata {
  const start = `${baseName(scope)}-${kind}-v`;
  // A recreated group starts again at version 1.
  const hash = shortHash(jsonata`$modelPackageArn & $string($package.created)`);
  return jsonata`${start} & $string($package.version) & "-" & ${hash}`;
}

/** JSONata: a hash of a text, by default as eight hexadecimal digits. */
export function shortHash(text: Jsonata | string, length = hashLength): Jsonata {
  return jsonata`$substring($hash(${text}, "SHA-256"), 0, ${length})`;
}

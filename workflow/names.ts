/**
 * Names of jobs and resources, as JSONata expressions that are safe for every legal execution.
 *
 * A name reads `<prefix>-<environment>-<kind>-<execution>-<hash>-<attempt>`: lower case, because SageMaker
 * lower-cases names in ARNs and IAM compares case; at most 63 characters. An execution name may return after 90 days
 * and job names may not, and a redrive starts RetryCount again at 0: the hash takes in what tells these apart.
 */

import { expression, type Jsonata, jsonata } from "./asl/jsonata";
import type { EndpointKind } from "./endpoint/kinds";
import type { ExecutionInput } from "./execution-input";
import type { JobKind } from "./job-kinds";

/** What every name of one deployed workflow starts with. */
export interface NameScope {
  /** Lower-case letters and digits, at most 16; no hyphen, which is what parts a name. */
  readonly prefix: string;
  /** Lower-case letters and digits, at most 10. */
  readonly environment: string;
}

/** What decides the name of a workflow's endpoint. */
export interface EndpointScope extends NameScope {
  /** @default - on instances */
  readonly endpoint?: { readonly kind?: EndpointKind };
}

/** SageMaker's limit for the names of jobs, models, endpoint configurations and endpoints. */
export const maxNameLength = 63;

/** What a name is given to. */
type Kind = JobKind | "model" | "config" | "serverless";

const hashLength = 8;
/** Room for `-<attempt>-<retry>`: `-3-99`. */
const attemptLength = 5;

/** The start of every name in `scope`; also what permissions are scoped by. */
export function baseName({ prefix, environment }: NameScope): string {
  return `${prefix}-${environment}`;
}

/** The name of the state machine that releases registered versions. */
export function releaseName(scope: NameScope): string {
  return `${baseName(scope)}-release`;
}

/** The name of the rule that hears of approvals. */
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

/**
 * Fails unless names built in `scope` stay legal, leave room for an execution's own name, and are no other workflow's.
 *
 * Neither part may have a hyphen: with one, `housing-dev` and `prod` would name an endpoint that `housing` and `dev` can
 * name, too, and `housing-dev-*` in a policy would be both. Without, the first two parts of a name say whose it is.
 */
export function checkNameScope({ prefix, environment }: NameScope): void {
  if (!/^[a-z][a-z0-9]{0,15}$/.test(prefix)) {
    throw new Error(
      `prefix must be 1 to 16 lower-case letters and digits, starting with a letter, got "${prefix}"${
        prefix.includes("-")
          ? ": a hyphen would let two workflows give the same name; write it as one word"
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

/** JSONata: `source` cut down to lower-case letters, digits and single hyphens, at most `length` of them. */
function slug(source: Jsonata, length: number): Jsonata {
  return jsonata`(
    $clean := $lowercase($replace(${source}, /[^A-Za-z0-9]+/, "-"));
    $cut := $replace($substring($replace($clean, /^-/, ""), 0, ${length}), /-$/, "");
    $cut = "" ? "run" : $cut
  )`;
}

const executionName = jsonata`$states.context.Execution.Name`;

/** JSONata: eight hexadecimal digits that differ between executions and between redrives of one. */
const attemptHash = executionHash(jsonata`$states.context.Execution.RedriveCount`);

/** JSONata: a name for one execution, the same in all its states: what its S3 folders are called. */
export const executionFolder = jsonata`${slug(executionName, 40)} & "-" & ${executionHash()}`;

/**
 * JSONata: a name of one `kind` that no attempt before has taken.
 *
 * @param given name of the execution input's key that may replace the execution's name in it
 * @param attempt number of the attempt, where a state is entered again after a failed job
 */
export function freshName(
  scope: NameScope,
  kind: Kind,
  given: keyof ExecutionInput | undefined,
  attempt?: Jsonata | number,
): Jsonata {
  const start = `${baseName(scope)}-${kind}-`;
  const room = maxNameLength - start.length - 1 - hashLength - attemptLength;
  const retry = jsonata`$string($states.context.State.RetryCount)`;
  const end = attempt === undefined ? retry : jsonata`$string(${attempt}) & "-" & ${retry}`;
  return jsonata`${start} & ${slug(givenName(given), room)} & "-" & ${attemptHash} & "-" & ${end}`;
}

function givenName(key: keyof ExecutionInput | undefined): Jsonata {
  if (key === undefined) return jsonata`(${executionName})`;
  const given = expression(`$states.context.Execution.Input.${key}`);
  return jsonata`($exists(${given}) ? ${given} : ${executionName})`;
}

/**
 * The name of the workflow's one endpoint.
 *
 * An endpoint cannot change its kind in place, so that each kind has a name of its own.
 */
export function stableEndpointName(scope: EndpointScope): string {
  return scope.endpoint?.kind === "serverless" ? `${baseName(scope)}-serverless` : baseName(scope);
}

/** JSONata: the endpoint's name, which stays the same from execution to execution. */
export function endpointName(scope: EndpointScope): Jsonata {
  const base = stableEndpointName(scope);
  const given = jsonata`$states.context.Execution.Input.EndpointName`;
  const room = maxNameLength - base.length - 1;
  return jsonata`$exists(${given}) ? ${`${base}-`} & ${slug(given, room)} : ${base}`;
}

/** JSONata: a name of one `kind` for the model package version in `$package`: the same each time it is released. */
export function versionName(scope: NameScope, kind: Kind): Jsonata {
  const start = `${baseName(scope)}-${kind}-v`;
  // Versions begin at 1 again in a group that was recreated.
  const hash = shortHash(jsonata`$modelPackageArn & $package.created`);
  return jsonata`${start} & $string($package.version) & "-" & ${hash}`;
}

function executionHash(redriveCount?: Jsonata): Jsonata {
  const started = jsonata`$states.context.Execution.Id & $states.context.Execution.StartTime`;
  if (redriveCount === undefined) return shortHash(started);
  // A context without the field must not end the execution: no redrive has happened then.
  return shortHash(jsonata`${started} & $string($exists(${redriveCount}) ? ${redriveCount} : 0)`);
}

/** JSONata: eight hexadecimal digits that stand for a text. */
export function shortHash(text: Jsonata | string): Jsonata {
  return jsonata`$substring($hash(${text}, "SHA-256"), 0, ${hashLength})`;
}

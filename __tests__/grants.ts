import { workflowProps } from "../configuration";
import {
  evaluationFunction,
  experimentController,
  resultsCacheFunction,
  smokeTestFunction,
} from "../workflow/functions";
import type { PolicyStatement } from "../workflow/iam";
import { notifyFunction, webhookFunction } from "../workflow/monitoring/notifications";
import { baseName, type NameScope } from "../workflow/names";
import {
  monitorStateMachine,
  releaseStateMachine,
  retrainStateMachine,
  workflowStateMachine,
} from "../workflow/resources";
import {
  approvalRole,
  experimentScheduleRole,
  type RoleDescription,
  sageMakerRoles,
  scheduleRole,
} from "../workflow/roles";
import type { WorkflowReferences } from "../workflow/settings";
import { references, tuning, workflow } from "./fixtures";

/** The roles of one workflow, with everything that a configuration can add, by what their names say. */
export function rolesOf(scope: NameScope) {
  const base = baseName(scope);
  const own = (text: string) => text.replaceAll("housing-dev", base);
  const withKey: WorkflowReferences = {
    ...(JSON.parse(own(JSON.stringify(references))) as WorkflowReferences),
    kmsKeyArn: "arn:aws:kms:us-east-1:123456789012:key/1",
  };
  const stateMachineArn = `arn:aws:states:us-east-1:123456789012:stateMachine:${base}`;
  const full = workflow(
    {
      ...scope,
      tuning,
      cache: {},
      training: { ...workflowProps("dev").training, checkpoints: true },
      comparison: { folder: "python/scripts", entryPoint: "comparison.py" },
      smokeTest: { examples: [{ instances: [[1]], low: 0, high: 1 }] },
      endpoint: {
        instanceType: "ml.m5.large",
        autoscaling: { minInstances: 2, maxInstances: 3, invocationsPerInstance: 100 },
        capture: { percentage: 100 },
      },
      monitor: { folder: "python/scripts", entryPoint: "monitoring.py" },
      retraining: { on: ["drift", "quality"] },
      vpc: { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] },
    },
    withKey,
  );
  const { settings } = full;
  const { prep, train, compare, monitor, serving } = sageMakerRoles(settings, withKey);
  return {
    prep,
    train,
    compare: compare as RoleDescription,
    monitor: monitor as RoleDescription,
    sagemaker: serving,
    states: workflowStateMachine(full).role,
    release: releaseStateMachine(full).role,
    watch: monitorStateMachine(full)?.role as RoleDescription,
    retrain: retrainStateMachine(full)?.role as RoleDescription,
    evaluate: evaluationFunction(settings, withKey).role,
    smoke: smokeTestFunction(settings, withKey).role,
    cache: resultsCacheFunction(settings, withKey).role,
    schedule: scheduleRole(settings, withKey, stateMachineArn),
    approved: approvalRole(settings, withKey, `${stateMachineArn}-release`),
    control: experimentController(settings, {
      ...withKey,
      topicArn: `arn:aws:sns:us-east-1:123456789012:${base}`,
    }).role,
    look: experimentScheduleRole(settings, withKey),
    notify: notifyFunction(settings, {
      ...withKey,
      topicArn: `arn:aws:sns:us-east-1:123456789012:${base}-notifications`,
      topicKeyArn: withKey.kmsKeyArn as string,
    }).role,
    webhook: webhookFunction(settings, withKey, {
      format: "slack",
      parameter: `/${scope.prefix}/${scope.environment}/webhook`,
    }).role,
  } as const;
}

export const roles = rolesOf({ prefix: "housing", environment: "dev" });

export type RoleName = keyof typeof roles;

/** One action on one resource. */
export interface Grant {
  readonly action: string;
  readonly resource: string;
}

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

export interface PolicyDocument {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** What a role has for AWS's own platform: a page asks for it, and no call of ours uses it. */
export function platformGrants({ policyStatements }: RoleDescription): ReadonlySet<string> {
  return kindsOf(policyStatements.filter(({ page }) => page !== undefined));
}

/** What calls of ours use. */
export function provableGrants({ policyStatements }: RoleDescription): ReadonlySet<string> {
  return kindsOf(policyStatements.filter(({ page }) => page === undefined));
}

/** An action on a kind of resource, such as `sagemaker:ListTags endpoint`. */
export function kindOf({ action, resource }: Grant): string {
  const [kind = ""] = resource.split(":").slice(5).join(":").split(/[/:]/);
  return `${action} ${kind}`;
}

function kindsOf(statements: readonly PolicyStatement[]): ReadonlySet<string> {
  return new Set(
    statements.flatMap(({ actions, resources }) =>
      actions.flatMap((action) => resources.map((resource) => kindOf({ action, resource }))),
    ),
  );
}

/** Actions that calls of ours use. */
export function provableActions({ policyStatements }: RoleDescription): ReadonlySet<string> {
  return actionsOf(policyStatements.filter(({ page }) => page === undefined));
}

function actionsOf(statements: readonly PolicyStatement[]): ReadonlySet<string> {
  return new Set(statements.flatMap(({ actions }) => actions));
}

/** Every action on every resource that a policy allows. */
export function grantsIn({ Statement }: PolicyDocument): Grant[] {
  const all = Statement.flatMap(({ Action, Resource }) =>
    Action.flatMap((action) => Resource.map((resource) => ({ action, resource }))),
  );
  return [...new Map(all.map((grant) => [`${grant.action} ${grant.resource}`, grant])).values()];
}

/** The policy without one grant, everything else as before. */
export function without(policy: PolicyDocument, { action, resource }: Grant): PolicyDocument {
  return {
    ...policy,
    Statement: policy.Statement.flatMap((statement) => {
      const { Action, Resource } = statement;
      if (!Action.includes(action) || !Resource.includes(resource)) return [statement];
      const actions = Action.filter((one) => one !== action);
      const resources = Resource.filter((one) => one !== resource);
      return [
        ...(actions.length > 0 ? [{ ...statement, Action: actions }] : []),
        ...(resources.length > 0 ? [{ ...statement, Action: [action], Resource: resources }] : []),
      ];
    }),
  };
}

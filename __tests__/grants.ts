import { evaluationFunction, experimentController, smokeTestFunction } from "../workflow/functions";
import type { PolicyStatement } from "../workflow/iam";
import { notifyFunction, webhookFunction } from "../workflow/notifications";
import { releaseStateMachine, workflowStateMachine } from "../workflow/resources";
import {
  approvalRole,
  experimentScheduleRole,
  type RoleDescription,
  sageMakerRole,
  scheduleRole,
} from "../workflow/roles";
import { references, workflow } from "./fixtures";

const withKey = { ...references, kmsKeyArn: "arn:aws:kms:us-east-1:123456789012:key/1" };
const stateMachineArn = "arn:aws:states:us-east-1:123456789012:stateMachine:housing-dev";

const full = workflow(
  {
    comparison: { folder: "python/scripts", entryPoint: "comparison.py" },
    smokeTest: { examples: [{ instances: [[1]], low: 0, high: 1 }] },
    endpoint: {
      instanceType: "ml.m5.large",
      autoscaling: { minInstances: 2, maxInstances: 3, invocationsPerInstance: 100 },
    },
    vpc: { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] },
  },
  withKey,
);

/** The roles, with everything that a configuration can add, by what their names say. */
export const roles = {
  sagemaker: sageMakerRole(full.settings, withKey),
  states: workflowStateMachine(full).role,
  release: releaseStateMachine(full).role,
  evaluate: evaluationFunction(workflow().settings, withKey).role,
  smoke: smokeTestFunction(workflow().settings, withKey).role,
  schedule: scheduleRole(workflow().settings, stateMachineArn),
  approved: approvalRole(workflow().settings, `${stateMachineArn}-release`),
  control: experimentController(workflow().settings, {
    ...withKey,
    topicArn: "arn:aws:sns:us-east-1:123456789012:housing-dev",
  }).role,
  look: experimentScheduleRole(workflow().settings, withKey),
  notify: notifyFunction(workflow().settings, {
    ...withKey,
    topicArn: "arn:aws:sns:us-east-1:123456789012:housing-dev-notifications",
    topicKeyArn: withKey.kmsKeyArn,
  }).role,
  webhook: webhookFunction(workflow().settings, withKey, {
    format: "slack",
    parameter: "/housing/dev/webhook",
  }).role,
} as const;

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

/** Actions that a role has for AWS's own platform: a page asks for them, and no call of ours uses them. */
export function platformActions({ policyStatements }: RoleDescription): ReadonlySet<string> {
  return actionsOf(policyStatements.filter(({ page }) => page !== undefined));
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

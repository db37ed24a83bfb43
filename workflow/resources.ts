/**
 * The resources beside the definition, as plain data.
 *
 * Constructs write them as Terraform, `npm start` through the AWS SDK; what must be the same stands here only.
 */

import { releaseDefinition, type WorkflowDefinition, workflowDefinition } from "./definition";
import { approvalRuleName, baseName, type NameScope, releaseName } from "./names";
import type { WorkflowProps } from "./props";
import { type RoleDescription, releaseRole, stateMachineRole } from "./roles";
import type { Workflow } from "./settings";
import { ownerTag } from "./step";

/** Tags of everything that is deployed. */
export function resourceTags({
  tags,
  ...scope
}: NameScope & Pick<WorkflowProps, "tags">): Record<string, string> {
  return { ...tags, [ownerTag]: baseName(scope), environment: scope.environment };
}

/** Days to keep logs, unless the environment says otherwise. */
export const defaultLogRetentionInDays = 30;

/** A state machine: its definition, its role's permissions, its log. */
export interface StateMachineDescription {
  readonly name: string;
  readonly definition: string;
  readonly role: RoleDescription;
  readonly logGroupName: string;
  readonly logging: { readonly level: "ALL"; readonly includeExecutionData: boolean };
}

/** The state machine that trains, evaluates, registers and, unless a person approves first, releases a model. */
export function workflowStateMachine(workflow: Workflow): StateMachineDescription {
  const { settings, references } = workflow;
  return stateMachine(baseName(settings), workflowDefinition(workflow), (statements) =>
    stateMachineRole(settings, references, statements),
  );
}

/** The state machine that releases a version that is registered already. */
export function releaseStateMachine(workflow: Workflow): StateMachineDescription {
  const { settings, references } = workflow;
  return stateMachine(releaseName(settings), releaseDefinition(workflow), (statements) =>
    releaseRole(settings, references, statements),
  );
}

function stateMachine(
  name: string,
  { definition, policyStatements }: WorkflowDefinition,
  role: (statements: WorkflowDefinition["policyStatements"]) => RoleDescription,
): StateMachineDescription {
  return {
    name,
    // Not Terraform's jsonencode: it sorts the keys and escapes & < >, which no person can read.
    definition: JSON.stringify(definition, null, 2),
    role: role(policyStatements),
    // The prefix keeps the log's resource policy from growing with every state machine.
    logGroupName: `/aws/vendedlogs/states/${name}`,
    // Execution data could hold what nobody should read in a log.
    logging: { level: "ALL", includeExecutionData: false },
  };
}

/** The model package group: every model that passed the gate is a version in it. */
export function modelPackageGroup(scope: NameScope) {
  return { name: baseName(scope), description: "Models that passed the gate of the workflow" } as const;
}

/**
 * The rule that starts the release of a version when a person approves it.
 *
 * A later edit of an approved version is an event, too, which is why the fields that changed are asked for.
 */
export function approvalRule(scope: NameScope) {
  return {
    name: approvalRuleName(scope),
    description: "Starts the release of a model package version that was approved",
    eventPattern: {
      source: ["aws.sagemaker"],
      "detail-type": ["SageMaker Model Package State Change"],
      detail: {
        ModelPackageGroupName: [baseName(scope)],
        ModelApprovalStatus: ["Approved"],
        UpdatedModelPackageFields: ["ModelApprovalStatus"],
      },
    },
    inputPaths: { arn: "$.detail.ModelPackageArn" },
    inputTemplate: '{"ModelPackageArn": <arn>}',
  } as const;
}

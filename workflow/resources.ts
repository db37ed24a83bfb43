/**
 * State machines, model registry, tags and log retention, as plain data.
 *
 * The constructs create them with Terraform, `npm start` with the AWS SDK; what both share is defined here only.
 */

import {
  monitorDefinition,
  releaseDefinition,
  retrainDefinition,
  type WorkflowDefinition,
  workflowDefinition,
} from "./definition";
import { approvalRuleName, baseName, monitorName, type NameScope, releaseName, retrainName } from "./names";
import type { WorkflowProps } from "./props";
import { monitorRole, type RoleDescription, releaseRole, retrainRole, stateMachineRole } from "./roles";
import type { Workflow } from "./settings";
import { ownerTag } from "./step";

/** Tags of all deployed resources. */
export function resourceTags({
  tags,
  ...scope
}: NameScope & Pick<WorkflowProps, "tags">): Record<string, string> {
  return { ...tags, [ownerTag]: baseName(scope), environment: scope.environment };
}

/** Default number of days to keep logs. */
export const defaultLogRetentionInDays = 30;

/** A state machine: its definition, its role's permissions, and its log. */
export interface StateMachineDescription {
  readonly name: string;
  readonly definition: string;
  readonly role: RoleDescription;
  readonly logGroupName: string;
  readonly logging: { readonly level: "ALL"; readonly includeExecutionData: boolean };
}

/** The state machine that trains, evaluates, registers and, without manual approval, releases a model. */
export function workflowStateMachine(workflow: Workflow): StateMachineDescription {
  const { settings, references } = workflow;
  return stateMachine(baseName(settings), workflowDefinition(workflow), (statements) =>
    stateMachineRole(settings, references, statements),
  );
}

/** The state machine that releases a registered version. */
export function releaseStateMachine(workflow: Workflow): StateMachineDescription {
  const { settings, references } = workflow;
  return stateMachine(releaseName(settings), releaseDefinition(workflow), (statements) =>
    releaseRole(settings, references, statements),
  );
}

/** The state machine that judges captured traffic; undefined without a monitor. */
export function monitorStateMachine(workflow: Workflow): StateMachineDescription | undefined {
  const { settings, references } = workflow;
  if (settings.monitor === undefined) return undefined;
  return stateMachine(monitorName(settings), monitorDefinition(workflow, settings.monitor), (statements) =>
    monitorRole(settings, references, statements),
  );
}

/** The state machine that decides on retrainings; undefined without them. */
export function retrainStateMachine(workflow: Workflow): StateMachineDescription | undefined {
  const { settings, references } = workflow;
  if (settings.retraining === undefined) return undefined;
  return stateMachine(retrainName(settings), retrainDefinition(workflow, settings.retraining), (statements) =>
    retrainRole(settings, references, statements),
  );
}

function stateMachine(
  name: string,
  { definition, policyStatements }: WorkflowDefinition,
  role: (statements: WorkflowDefinition["policyStatements"]) => RoleDescription,
): StateMachineDescription {
  return {
    name,
    // Not with Terraform's jsonencode, which sorts the keys and escapes & < > and is hard to read.
    definition: JSON.stringify(definition, null, 2),
    role: role(policyStatements),
    // With this prefix, the log's resource policy does not grow with every state machine.
    logGroupName: `/aws/vendedlogs/states/${name}`,
    // Execution data may be confidential and must not be logged.
    logging: { level: "ALL", includeExecutionData: false },
  };
}

/** The model package group: every model that passed the gate is a version in it. */
export function modelPackageGroup(scope: NameScope) {
  return { name: baseName(scope), description: "Models that passed the gate of the workflow" } as const;
}

/**
 * The rule that starts the release of a version after its approval.
 *
 * A later edit of an approved version also sends an event, so the rule matches the changed fields.
 */
export function approvalRule(scope: NameScope) {
  return {
    name: approvalRuleName(scope),
    description: "Starts the release of an approved model package version",
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

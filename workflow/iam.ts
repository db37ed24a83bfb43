/** One statement of a role's policy, as plain data. */
export interface PolicyStatement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** Why nothing narrower works; required where a resource is a bare `*`. */
  readonly reason?: string;
  /**
   * The AWS page that asks for the permission, where AWS's own platform uses it and no call of ours does.
   *
   * No run in the emulator can prove such a permission; docs/permissions.md lists them.
   */
  readonly page?: string;
}

type PolicyOptions = Pick<PolicyStatement, "conditions" | "reason" | "page">;

/** Allows `actions` on `resources`. */
export function allow(
  actions: readonly string[],
  resources: readonly string[],
  options: PolicyOptions = {},
): PolicyStatement {
  if (resources.includes("*") && options.reason === undefined) {
    throw new Error(`allow(${actions.join(", ")}) on "*" needs a reason: say why nothing narrower works`);
  }
  return { actions, resources, ...options };
}

/** Permissions on the key that encrypts the bucket; none where S3's own key does. */
export function allowKey(kmsKeyArn: string | undefined, actions: readonly string[]): PolicyStatement[] {
  return kmsKeyArn === undefined ? [] : [allow(actions, [kmsKeyArn])];
}

/** Lets the state machine hand a role to SageMaker, and to nobody else. */
export function passToSageMaker(roleArn: string): PolicyStatement {
  return allow(["iam:PassRole"], [roleArn], {
    conditions: { StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } },
  });
}

/** The policy document of `statements` in IAM's JSON; what several steps need appears once, reasons stay behind. */
export function policyDocument(statements: readonly PolicyStatement[]) {
  const granted = new Set<string>();
  const Statement = statements.flatMap(({ actions, resources, conditions }) => {
    const grants = (action: string) =>
      resources.map((resource) => JSON.stringify([action, resource, conditions]));
    const Action = actions.filter((action) => grants(action).some((grant) => !granted.has(grant))).sort();
    for (const grant of Action.flatMap(grants)) granted.add(grant);
    if (Action.length === 0) return [];
    const Condition = conditions === undefined ? {} : { Condition: conditions };
    return [{ Effect: "Allow", Action, Resource: [...resources], ...Condition }];
  });
  return { Version: "2012-10-17", Statement };
}

/** Who assumes a role. */
export interface Trusted {
  readonly service: string;
  /**
   * ARN of what the service assumes the role for.
   *
   * SageMaker's pages name none of its resources but all of a region's, which says no more than the account does.
   */
  readonly sourceArn?: string;
}

/** Services that say for which account they assume a role. Lambda's pages do not promise it. */
const namesItsAccount = ["sagemaker", "states", "scheduler", "events"].map((name) => `${name}.amazonaws.com`);

/** The trust policy that lets one AWS service assume a role: for this account, and for one thing in it, where it says so. */
export function trustPolicy({ service, sourceArn }: Trusted, account: string) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: service },
        Action: "sts:AssumeRole",
        // Without it another account's resources could borrow the role (the confused deputy).
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        ...(namesItsAccount.includes(service)
          ? {
              Condition: {
                StringEquals: { "aws:SourceAccount": account },
                ...(sourceArn !== undefined && { ArnEquals: { "aws:SourceArn": sourceArn } }),
              },
            }
          : {}),
      },
    ],
  };
}

/** One statement of a role's policy, as plain data. */
export interface PolicyStatement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** Why nothing narrower works; required for a bare `*`. */
  readonly reason?: string;
  /**
   * The AWS page that requires the permission, if AWS itself uses it and no call of this project does.
   *
   * Runs in the emulator cannot test such a permission; docs/permissions.md lists them.
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
    throw new Error(`allow(${actions.join(", ")}) on "*" needs a reason why nothing narrower works`);
  }
  return { actions, resources, ...options };
}

/** Permissions on the key that encrypts the bucket; none for S3's own key. */
export function allowKey(kmsKeyArn: string | undefined, actions: readonly string[]): PolicyStatement[] {
  return kmsKeyArn === undefined ? [] : [allow(actions, [kmsKeyArn])];
}

/** Allows the state machine to pass a role to SageMaker only. */
export function passToSageMaker(roleArn: string): PolicyStatement {
  return allow(["iam:PassRole"], [roleArn], {
    conditions: { StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } },
  });
}

/** The policy document of `statements` in IAM's JSON, without duplicates and reasons. */
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
   * ARN of the resource for which the service assumes the role.
   *
   * SageMaker's pages use all resources of a region, which restricts no more than the account does.
   */
  readonly sourceArn?: string;
}

/** Services that state for which account they assume a role. Lambda's pages do not guarantee it. */
const namesItsAccount = ["sagemaker", "states", "scheduler", "events"].map((name) => `${name}.amazonaws.com`);

/** The trust policy that allows one AWS service to assume a role for this account and, if given, for one resource in it. */
export function trustPolicy({ service, sourceArn }: Trusted, account: string) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: service },
        Action: "sts:AssumeRole",
        // Without it another account's resources could use the role (confused deputy).
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

import {
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  paginateListRoles,
  type Role,
} from "@aws-sdk/client-iam";
import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import { executionOutput } from "../../../cli/execution/report";
import { isMissing } from "../../../cli/terminal/errors";
import { policyDocument, trustPolicy } from "../../../workflow/iam";
import { approvalRole, type RoleDescription, scheduleRole } from "../../../workflow/roles";
import { type EarlierJobKey, type From, type StageName, stages } from "../../../workflow/stages";
import {
  type Grant,
  grantsIn,
  kindOf,
  type PolicyDocument,
  platformGrants,
  type RoleName,
  roles,
  without,
} from "../../grants";
import { until } from "../../patience";
import { failureOf, succeeded, type TestCloud, type TestWorkflow } from "../cloud";
import { TestNotifications } from "../notifications-cloud";
import { smallComparison, smallMonitor, smallSpot, smallTuning, smallWorkflow } from "../small-workflow";

const oftenRetrained = { coolDownInHours: 0, mostPerDay: 50, on: ["drift"] } as const;

/** A run that needs a permission. */
export interface Scenario {
  /** Prepares the account, with every permission in place. */
  readonly before?: (lane: Lane) => Promise<void>;
  /** Returns how it failed. */
  readonly run: (lane: Lane) => Promise<string>;
}

/** What happened without one permission. */
export interface Outcome {
  /** How the run failed; empty where it did not. */
  readonly said: string;
  readonly denied: readonly string[];
}

/** A workflow whose roles lose one permission after the other. */
export class Lane {
  readonly #policies = new Map<RoleName, { name: string; document: PolicyDocument }>();

  #jobs: Record<EarlierJobKey, string> | undefined;

  scheduleRoleArn = "";
  approvalRoleArn = "";
  lookRoleArn = "";

  private constructor(
    readonly cloud: TestCloud,
    readonly workflow: TestWorkflow,
  ) {}

  /**
   * `more` of what a configuration can ask for: a key, an endpoint that is scaled and updated by a canary, a tuning, a cache,
   * spot instances, a monitor with decisions on retrainings.
   */
  static async open(
    cloud: TestCloud,
    prefix: string,
    {
      kmsKeyArn,
      minInstances = 0,
      tunes = false,
      caches = false,
      onSpot = false,
      monitors = false,
    }: {
      kmsKeyArn?: string;
      minInstances?: number;
      tunes?: boolean;
      caches?: boolean;
      onSpot?: boolean;
      monitors?: boolean;
    } = {},
  ): Promise<Lane> {
    const props = smallWorkflow(prefix, {
      ...(tunes ? smallTuning : {}),
      ...(onSpot ? smallSpot : {}),
      ...(monitors ? { monitor: smallMonitor.monitor, retraining: oftenRetrained } : {}),
      // What it finds is known before a release.
      ...(caches ? ({ cache: {}, approval: "manual" } as const) : {}),
      comparison: smallComparison,
      smokeTest: { examples: [{ instances: [[1]], low: 42, high: 42 }] },
      retainedReleases: 1,
      endpoint: {
        capture: { percentage: 100 },
        ...(minInstances > 0 && {
          instanceType: "ml.m5.large",
          autoscaling: { minInstances, maxInstances: 3, invocationsPerInstance: 100 },
        }),
      },
    });
    const lane = new Lane(cloud, await cloud.deploy(props, kmsKeyArn));
    const topicArn = await cloud.createTopic(`${prefix}-test`);
    await cloud.createExperiments(props, lane.workflow, { kmsKeyArn, topicArn });
    const scope = { prefix, environment: "test" };
    const { stateMachineArn } = lane.workflow;
    const place = { partition: "aws", region: "us-east-1", account: "123456789012" };
    lane.scheduleRoleArn = await lane.#createRole(scheduleRole(scope, place, stateMachineArn));
    lane.approvalRoleArn = await lane.#createRole(approvalRole(scope, place, `${stateMachineArn}-release`));
    // Nothing is posted here: the secret is only read.
    await TestNotifications.create(cloud, scope, { kmsKeyArn, format: "slack", url: "https://localhost/" });
    if (minInstances > 1) await cloud.createEndpointAlarms(props);
    await lane.workflow.upload("raw-data/data.csv", "1\n");
    await lane.workflow.upload("raw-data/slow/hang", "1\n");
    await lane.workflow.upload("raw-data/later/hang-comparison", "1\n");
    await lane.workflow.upload("scoring-input/data.csv", "1\n");
    const Roles: Role[] = [];
    for await (const page of paginateListRoles({ client: cloud.aws.iam() }, {})) {
      Roles.push(...(page.Roles ?? []));
    }
    const look = Roles.find(({ RoleName = "" }) => RoleName.startsWith(`${prefix}-test-look-`));
    lane.lookRoleArn = look?.Arn as string;
    for (const role of Object.keys(roles) as RoleName[]) {
      const name = Roles.find(({ RoleName = "" }) =>
        RoleName.startsWith(`${prefix}-test-${role}-`),
      )?.RoleName;
      if ((role === "cache" && !caches) || (/^(monitor|watch|retrain)$/.test(role) && !monitors)) continue;
      const policy = { RoleName: name, PolicyName: "permissions" };
      const { PolicyDocument = "" } = await cloud.aws.iam().send(new GetRolePolicyCommand(policy));
      lane.#policies.set(role, {
        name: name as string,
        document: JSON.parse(decodeURIComponent(PolicyDocument)) as PolicyDocument,
      });
    }
    return lane;
  }

  /** `npm start` makes no schedules and rules; their roles are those of the plain data, all the same. */
  async #createRole(role: RoleDescription): Promise<string> {
    const RoleName = `${role.namePrefix}1`;
    const trust = JSON.stringify(trustPolicy(role, "123456789012"));
    const { Role } = await this.cloud.aws
      .iam()
      .send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    await this.#put(RoleName, policyDocument(role.policyStatements));
    return Role?.Arn as string;
  }

  /** Runs the whole workflow once; later runs start with what its jobs have made. */
  async begin(): Promise<void> {
    if (this.#jobs !== undefined) return;
    const result = await this.workflow.run();
    expect(failureOf(result)).toEqual(succeeded);
    const { ProcessingJobName, TrainingJobName } = executionOutput(result);
    this.#jobs = { ProcessingJobName, TrainingJobName };
  }

  /** The key `From` of an input that starts at `stage`. */
  from(stage: StageName): From {
    const needed = stages[stage].needs.map((key) => [key, this.#jobs?.[key]]);
    return { State: stage, ...Object.fromEntries(needed) } as From;
  }

  /** What the role's calls need, in the account as it is. */
  grants(role: RoleName): Grant[] {
    const platform = platformGrants(roles[role]);
    if (!this.#policies.has(role)) return [];
    return grantsIn(this.#policy(role).document).filter((grant) => !platform.has(kindOf(grant)));
  }

  /** What `scenario` says when the role lacks one permission, and what the emulator has denied to it meanwhile. */
  async without(role: RoleName, grant: Grant, scenario: Scenario): Promise<Outcome> {
    const { name, document } = this.#policy(role);
    await scenario.before?.(this);
    const before = await this.#denials(name);
    await this.#put(name, without(document, grant));
    try {
      const said = await scenario.run(this);
      const denied = [...(await this.#denials(name))]
        .filter(([action, count]) => count > (before.get(action) ?? 0))
        .map(([action]) => action);
      return { said, denied };
    } finally {
      await this.#put(name, document);
    }
  }

  async #put(RoleName: string, document: PolicyDocument): Promise<void> {
    const policy = { RoleName, PolicyName: "permissions" };
    const PolicyDocument = JSON.stringify(document);
    const iam = this.cloud.aws.iam();
    // A policy without a statement is none.
    if (document.Statement.length === 0) await iam.send(new DeleteRolePolicyCommand(policy));
    else await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
  }

  /** Whether any of the lane's roles has been denied anything since now. */
  async watchDenials(): Promise<() => Promise<boolean>> {
    const names = [...this.#policies.values()].map(({ name }) => name);
    const count = async () => {
      const denials = (await this.cloud.audit()).filter(({ name }) => names.includes(name));
      return denials.flatMap(({ uses }) => uses).reduce((sum, { denied }) => sum + denied, 0);
    };
    const before = await count();
    return async () => (await count()) > before;
  }

  async #denials(name: string): Promise<Map<string, number>> {
    const uses = (await this.cloud.audit()).find((role) => role.name === name)?.uses ?? [];
    const counts = new Map<string, number>();
    for (const { action, denied } of uses) counts.set(action, (counts.get(action) ?? 0) + denied);
    return counts;
  }

  #policy(role: RoleName) {
    return this.#policies.get(role) as { name: string; document: PolicyDocument };
  }

  /** Whether one model serves there. */
  async serves(EndpointName: string): Promise<boolean> {
    try {
      const describe = new DescribeEndpointCommand({ EndpointName });
      const { EndpointStatus, ProductionVariants = [] } = await this.cloud.aws.sagemaker().send(describe);
      return EndpointStatus === "InService" && ProductionVariants.length === 1;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async removeEndpoint(EndpointName: string): Promise<void> {
    const { aws } = this.cloud;
    try {
      await this.workflow.deleteEndpoint(EndpointName);
      await until(async () => {
        await aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName }));
        return false;
      });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

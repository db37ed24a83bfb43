/**
 * Every permission is needed: each one is taken away by itself, and then a run fails that names it.
 *
 * What AWS's own platform uses without a call of ours carries the AWS page that asks for it, and cannot be proved here.
 */

import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { prefixes } from "../../../workflow/prefixes";
import {
  type Grant,
  platformGrants,
  provableActions,
  provableGrants,
  type RoleName,
  roles,
} from "../../grants";
import { patience } from "../../patience";
import { TestCloud } from "../cloud";
import { captures } from "./capture-scenario";
import { looksAtExperiment, looksBySchedule } from "./experiment-scenarios";
import { Lane, type Scenario } from "./lane";
import { judges, monitorScenario } from "./monitor-scenarios";
import { findsNoChange, retrainScenario } from "./retrain-scenarios";
import { scenarioFor, startsByApproval, startsBySchedule, usesCache } from "./scenarios";

/** Of the roles of A/B tests each permission is needed by a look. */
const looks: Partial<Record<RoleName, Scenario>> = { control: looksAtExperiment, look: looksBySchedule };

function scenarioOf(role: RoleName, grant: Grant): Scenario {
  if (role === "sagemaker" && grant.resource.includes(`/${prefixes.dataCapture}`)) return captures;
  return (
    looks[role] ?? monitorScenario(role, grant) ?? retrainScenario(role, grant) ?? scenarioFor(role, grant)
  );
}

/** What lacks these fails without their name: only the emulator's count of denials has it. */
const silent = /^(events:|states:StartExecution$|lambda:InvokeFunction$|sagemaker:Stop)/;

/** So does what is asked by HEAD, whose answer has no text, and what SageMaker reads itself to make a model. */
const untold = /^(states|release) s3:GetObject \S+\/model-artifacts\/|^(release|sagemaker) kms:Decrypt /;

describe.each(Object.entries(roles))("the role of %s", (_, role) => {
  it("has each action for a call of ours, or on a page of AWS, and none for both", () => {
    const platform = platformGrants(role);
    expect([...provableGrants(role)].filter((grant) => platform.has(grant))).toEqual([]);
  });
});

jest.setTimeout(60 * 60_000 * patience);

describe("without one permission", () => {
  let cloud: TestCloud;

  beforeAll(async () => {
    cloud = await TestCloud.start();
  });

  afterAll(() => cloud?.stop());

  it("no run succeeds, and what fails says which one is missing", async () => {
    const { endpoint, region, credentials } = cloud.aws.connection;
    const kms = new KMSClient({ endpoint, region, credentials });
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const lanes = await Promise.all(["one", "two", "three"].map((prefix) => Lane.open(cloud, prefix)));
    const withKey = await Lane.open(cloud, "key", { kmsKeyArn: KeyMetadata?.Arn });
    const guarded = await Lane.open(cloud, "guarded", { minInstances: 2 });
    const tuned = await Lane.open(cloud, "tuned", { tunes: true });
    const cached = await Lane.open(cloud, "cached", { caches: true, kmsKeyArn: KeyMetadata?.Arn });
    const watched = await Lane.open(cloud, "watched", { monitors: true, kmsKeyArn: KeyMetadata?.Arn });
    const interrupted = await Lane.open(cloud, "spot", { onSpot: true });
    const proved = new Set<string>();
    const unproved: string[] = [];

    const proveAll = async (lane: Lane, wanted: (grant: Grant, index: number, role: RoleName) => boolean) => {
      await lane.begin();
      for (const role of Object.keys(roles) as RoleName[]) {
        for (const grant of lane.grants(role).filter((one, index) => wanted(one, index, role))) {
          const { said, denied } = await lane.without(role, grant, scenarioOf(role, grant));
          const told =
            !silent.test(grant.action) && !untold.test(`${role} ${grant.action} ${grant.resource}`);
          const named = said.includes(grant.action) || (said !== "" && !told);
          if (denied.includes(grant.action) && named) proved.add(`${role} ${grant.action}`);
          else
            unproved.push(`${role} ${grant.action} ${grant.resource}: denied ${denied}; ${said || "it ran"}`);
        }
      }
    };
    expect(await usesCache.run(cached)).toBe("");
    const [first] = lanes;
    await first?.begin();
    expect(await startsBySchedule.run(first as Lane)).toBe("");
    expect(await startsByApproval.run(first as Lane)).toBe("");
    expect(await captures.run(first as Lane)).toBe("");
    await watched.begin();
    expect(await judges.run(watched)).toBe("");
    await findsNoChange.before?.(watched);
    expect(await findsNoChange.run(watched)).toBe("");
    for (const look of Object.values(looks)) {
      await look.before?.(first as Lane);
      expect(await look.run(first as Lane)).toBe("");
    }
    const forScaling =
      /^(cloudwatch:DescribeAlarms|sagemaker:DescribeEndpointConfig|application-autoscaling:\w+)$/;
    const forTuning = ({ action, resource }: Grant) =>
      action.includes("Tuning") || /-tune-|TuningJobsRule$/.test(resource);
    const forKey = ({ action }: Grant) => action.startsWith("kms:");
    await Promise.all([
      ...lanes.map((lane, lane_) =>
        proveAll(lane, (grant, index) => !forKey(grant) && index % lanes.length === lane_),
      ),
      proveAll(withKey, forKey),
      proveAll(guarded, ({ action }) => forScaling.test(action)),
      proveAll(tuned, forTuning),
      proveAll(cached, ({ resource }, _, role) => role === "cache" || resource.includes("-results-cache:")),
      proveAll(watched, (_grant, _index, role) => /^(monitor|watch|retrain)$/.test(role)),
      proveAll(interrupted, ({ resource }) => resource.includes("/checkpoints/")),
    ]);

    expect(unproved).toEqual([]);
    const provable = (Object.keys(roles) as RoleName[]).flatMap((role) =>
      [...provableActions(roles[role])].map((action) => `${role} ${action}`),
    );
    expect([...proved].sort()).toEqual(provable.sort());
  });
});

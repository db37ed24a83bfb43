import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import type { Environment } from "../../../cli/account/environment";
import { findTuningJobs, isEmpty, nothing } from "../../../cli/leftovers/find";
import { removeLeftovers } from "../../../cli/leftovers/remove";
import { leftoversText } from "../../../cli/leftovers/text";

/** Tuning jobs that run, by name, with their owner; each stops at the fourth look. */
function environment(jobs: Readonly<Record<string, string>>) {
  const calls: string[] = [];
  let looks = 0;
  const answers: Readonly<Record<string, (input: Record<string, string>) => object>> = {
    ListHyperParameterTuningJobsCommand: ({ NameContains = "", StatusEquals }) => ({
      HyperParameterTuningJobSummaries: Object.keys(jobs)
        .filter((name) => StatusEquals === "InProgress" && name.includes(NameContains))
        .map((name) => ({ HyperParameterTuningJobName: name, HyperParameterTuningJobArn: name })),
    }),
    ListTagsCommand: ({ ResourceArn = "" }) => ({ Tags: [{ Key: "workflow", Value: jobs[ResourceArn] }] }),
    DescribeHyperParameterTuningJobCommand: () => ({
      HyperParameterTuningJobStatus: ["InProgress", "InProgress", "Stopping", "Stopped"][looks++],
    }),
    StopHyperParameterTuningJobCommand: () => ({}),
  };
  const send = async (command: { constructor: { name: string }; input: never }) => {
    const { name } = command.constructor;
    calls.push(name.replace("Command", ""));
    return answers[name]?.(command.input);
  };
  const client = Object.assign(new SageMakerClient({ region: "us-east-1" }), { send });
  const aws = { sagemaker: () => client, isEmulator: true };
  return { calls, environment: { aws, baseName: "a-dev" } as unknown as Environment };
}

it("finds the running tuning jobs of this workflow, by name and tag", async () => {
  const { environment: found } = environment({
    "a-dev-tune-1": "a-dev",
    "a-dev-tune-2": "somebody",
    "my-a-dev-tune-3": "a-dev",
  });
  const tuningJobs = await findTuningJobs(found);
  expect(tuningJobs.map(({ name }) => name)).toEqual(["a-dev-tune-1"]);
  expect(isEmpty({ ...nothing, tuningJobs })).toBe(false);
  expect(leftoversText({ ...nothing, tuningJobs })).toContain("running tuning job      a-dev-tune-1");
});

it("stops a tuning job once, and waits until its training jobs have stopped", async () => {
  const { calls, environment: found } = environment({ "a-dev-tune-1": "a-dev" });
  const lines: string[] = [];
  const tuningJobs = [{ name: "a-dev-tune-1" }];
  await removeLeftovers(found, { ...nothing, tuningJobs }, (line) => lines.push(line));
  const described = "DescribeHyperParameterTuningJob";
  expect(calls).toEqual([described, "StopHyperParameterTuningJob", described, described, described]);
  expect(lines).toEqual(["Stopped tuning job a-dev-tune-1"]);
});

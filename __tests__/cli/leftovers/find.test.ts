import {
  CloudWatchLogsClient,
  type DescribeLogStreamsCommandInput,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Aws } from "../../../cli/account/clients";
import { jobLogs } from "../../../cli/leftovers/find";

/** Log streams by group; other groups do not exist. */
function withStreams(groups: Readonly<Record<string, readonly string[]>>): Aws {
  const client = new CloudWatchLogsClient({ region: "us-east-1" });
  const send = async ({ input }: { input: DescribeLogStreamsCommandInput }) => {
    const streams = groups[input.logGroupName ?? ""];
    if (streams === undefined) throw new ResourceNotFoundException({ message: "no group", $metadata: {} });
    const found = streams.filter((name) => name.startsWith(input.logStreamNamePrefix ?? ""));
    return { logStreams: found.map((logStreamName) => ({ logStreamName })) };
  };
  Object.assign(client, { send });
  return { logs: () => client } as unknown as Aws;
}

it("finds the logs of this workflow's jobs of every kind", async () => {
  const aws = withStreams({
    "/aws/sagemaker/ProcessingJobs": ["a-dev-prep-1/algo", "a-dev-compare-1/algo", "a-prod-prep-1/algo"],
    "/aws/sagemaker/TransformJobs": ["a-dev-score-1/algo", "a-dev-other/algo"],
  });
  const found = await jobLogs({ aws, baseName: "a-dev" });
  expect(found.map(({ name }) => name)).toEqual([
    "a-dev-prep-1/algo",
    "a-dev-compare-1/algo",
    "a-dev-score-1/algo",
  ]);
});

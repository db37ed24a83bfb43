import { ResourceNotFoundException } from "@aws-sdk/client-cloudwatch-logs";
import type { Aws } from "../../../cli/account/clients";
import { endpointStreams, jobStreams, LogTail } from "../../../cli/execution/log-tail";

type Events = { message: string; timestamp: number }[];

/** Log groups with streams, whose events a test adds while they are read. */
function logs(groups: Record<string, Record<string, Events>>): Aws {
  const answers: Record<string, (input: Record<string, string> & { limit?: number }) => object> = {
    DescribeLogGroupsCommand: ({ logGroupNamePrefix = "" }) => ({
      logGroups: Object.keys(groups)
        .filter((name) => name.startsWith(logGroupNamePrefix))
        .map((logGroupName) => ({ logGroupName })),
    }),
    DescribeLogStreamsCommand: ({ logGroupName = "", logStreamNamePrefix = "" }) => {
      const streams = groups[logGroupName];
      if (streams === undefined) throw new ResourceNotFoundException({ message: "", $metadata: {} });
      const names = Object.keys(streams).filter((name) => name.startsWith(logStreamNamePrefix));
      return { logStreams: names.map((logStreamName) => ({ logStreamName })) };
    },
    GetLogEventsCommand: ({ logGroupName = "", logStreamName = "", nextToken = "0", limit }) => {
      const all = groups[logGroupName]?.[logStreamName] ?? [];
      const events = limit === undefined ? all.slice(Number(nextToken)) : all.slice(-limit);
      return { events, nextForwardToken: String(all.length) };
    },
  };
  const send = async (command: { input: never }) => answers[command.constructor.name]?.(command.input);
  // The SDK's paginators accept an instance of the client only.
  const { CloudWatchLogsClient } = require("@aws-sdk/client-cloudwatch-logs");
  const client = Object.assign(Object.create(CloudWatchLogsClient.prototype), { send });
  return { logs: () => client } as unknown as Aws;
}

const at = (timestamp: number, message: string) => ({ timestamp, message });
const group = "/aws/sagemaker/Endpoints/wine-dev";

describe("endpointStreams", () => {
  it("are those of the endpoint and of those whose names begin so, and of no other workflow", async () => {
    const aws = logs({
      [group]: { "primary/1": [] },
      [`${group}-serverless`]: { "primary/2": [] },
      [`${group}2`]: { "primary/3": [] },
    });
    expect((await endpointStreams(aws, "wine-dev")).map(({ logStreamName }) => logStreamName)).toEqual([
      "primary/1",
      "primary/2",
    ]);
  });
});

describe("jobStreams", () => {
  it.each(["Processing", "Training", "Transform"])("are those of a job of %s", async (api) => {
    const aws = logs({ [`/aws/sagemaker/${api}Jobs`]: { "job-1/algo-1": [], "job-10/algo-1": [] } });
    expect(await jobStreams(aws, "job-1")).toEqual([
      { logGroupName: `/aws/sagemaker/${api}Jobs`, logStreamName: "job-1/algo-1" },
    ]);
  });

  it("are none where nothing has written a log yet", async () => {
    expect(await jobStreams(logs({}), "job-1")).toEqual([]);
  });
});

describe("LogTail", () => {
  it("begins with the last lines of all streams, then has the new ones, also of new streams", async () => {
    const streams: Record<string, Events> = {
      one: [at(1, "a"), at(3, "c"), at(5, "e")],
      two: [at(2, "b"), at(4, "d")],
    };
    const aws = logs({ [group]: streams });
    const tail = new LogTail(aws, () => endpointStreams(aws, "wine-dev"));
    expect(await tail.lines(3)).toEqual(["c", "d", "e"]);
    expect(await tail.lines()).toEqual([]);
    streams.one?.push(at(7, "g"));
    streams.three = [at(6, "f")];
    expect(await tail.lines()).toEqual(["f", "g"]);
  });

  it("begins with no line on request", async () => {
    const streams = { one: [at(1, "a")] };
    const aws = logs({ [group]: streams });
    const tail = new LogTail(aws, () => endpointStreams(aws, "wine-dev"));
    expect(await tail.lines(0)).toEqual([]);
    streams.one.push(at(2, "b"));
    expect(await tail.lines()).toEqual(["b"]);
  });
});

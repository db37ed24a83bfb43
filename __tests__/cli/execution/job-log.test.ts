import { ResourceNotFoundException } from "@aws-sdk/client-cloudwatch-logs";
import type { Aws } from "../../../cli/account/clients";
import { JobLog } from "../../../cli/execution/job-log";

/** CloudWatch Logs with one stream, which the test fills; pages of two events. */
function fakeLogs(streams: string[], lines: string[]): Aws {
  const send = async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const { input } = command;
    if (command.constructor.name === "DescribeLogStreamsCommand") {
      if (streams.length === 0) throw new ResourceNotFoundException({ $metadata: {}, message: "" });
      const start = input.logStreamNamePrefix as string;
      return {
        logStreams: streams
          .filter((name) => name.startsWith(start))
          .map((logStreamName) => ({ logStreamName })),
      };
    }
    const from = Number(input.nextToken ?? 0);
    const events = lines.slice(from, from + 2).map((message) => ({ message }));
    return { events, nextForwardToken: String(from + events.length) };
  };
  return { logs: () => ({ send }) } as unknown as Aws;
}

it("returns each line once, as it comes", async () => {
  const streams: string[] = [];
  const lines: string[] = [];
  const log = new JobLog(fakeLogs(streams, lines), "job-1", "train");
  expect(await log.newLines()).toEqual([]);
  streams.push("job-10/algo-1-1");
  expect(await log.newLines()).toEqual([]);
  streams.push("job-1/algo-1-1");
  lines.push("one", "two", "three");
  expect(await log.newLines()).toEqual(["one", "two", "three"]);
  expect(await log.newLines()).toEqual([]);
  lines.push("four");
  expect(await log.newLines()).toEqual(["four"]);
});

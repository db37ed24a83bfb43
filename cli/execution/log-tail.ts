import {
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
  type OutputLogEvent,
  paginateDescribeLogGroups,
} from "@aws-sdk/client-cloudwatch-logs";
import { type JobKind, jobKinds, jobLogGroup, jobLogPrefix } from "../../workflow/job-kinds";
import type { Aws } from "../account/clients";
import { ownedBy } from "../account/ownership";
import { ignoreMissing } from "../terminal/errors";

interface LogStream {
  readonly logGroupName: string;
  readonly logStreamName: string;
}

const endpointGroups = "/aws/sagemaker/Endpoints/";

/** Streams of an endpoint that are read: one for each instance, of the newest models. */
const newestStreams = 10;

/** The newest log streams of the endpoints with a name, or whose names begin with it. */
export async function endpointStreams(aws: Aws, name: string): Promise<LogStream[]> {
  const groups: string[] = [];
  const search = { logGroupNamePrefix: `${endpointGroups}${name}` };
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client: aws.logs() }, search)) {
    groups.push(...logGroups.map(({ logGroupName = "" }) => logGroupName));
  }
  const own = groups.filter((group) => ownedBy(name, group.slice(endpointGroups.length)));
  const newest = { orderBy: "LastEventTime", descending: true, limit: newestStreams } as const;
  return (await Promise.all(own.map((group) => streamsIn(aws, group, newest)))).flat();
}

/** The log streams of a job, of whatever kind it is. */
export async function jobStreams(aws: Aws, job: string): Promise<LogStream[]> {
  const kinds = Object.keys(jobKinds) as JobKind[];
  const places = new Map(kinds.map((kind) => [jobLogGroup(kind) + jobLogPrefix(kind, job), kind]));
  const found = [...places.values()].map((kind) =>
    streamsIn(aws, jobLogGroup(kind), { logStreamNamePrefix: jobLogPrefix(kind, job) }),
  );
  return (await Promise.all(found)).flat();
}

type StreamFilter = Pick<
  DescribeLogStreamsCommand["input"],
  "orderBy" | "descending" | "limit" | "logStreamNamePrefix"
>;

async function streamsIn(aws: Aws, logGroupName: string, filter: StreamFilter): Promise<LogStream[]> {
  try {
    const { logStreams = [] } = await aws
      .logs()
      .send(new DescribeLogStreamsCommand({ logGroupName, ...filter }));
    return logStreams.map(({ logStreamName = "" }) => ({ logGroupName, logStreamName }));
  } catch (error) {
    // The first line creates the group.
    ignoreMissing(error);
    return [];
  }
}

/** The lines of some streams, from their last ones on. */
export class LogTail {
  /** Where each known stream is read on. */
  readonly #tokens = new Map<string, string | undefined>();
  #isFirst = true;

  /** @param find called at each look: an instance that starts has a stream of its own */
  constructor(
    private readonly aws: Aws,
    private readonly find: () => Promise<readonly LogStream[]>,
  ) {}

  /** Returns the lines that have come since the last call; at first the last ones, as many as `limit`. */
  async lines(limit = Number.POSITIVE_INFINITY): Promise<string[]> {
    const isFirst = this.#isFirst;
    const streams = await this.find();
    const events = (
      await Promise.all(streams.map((stream) => (isFirst ? this.#end(stream, limit) : this.#newer(stream))))
    ).flat();
    this.#isFirst = false;
    const sorted = events.sort((one, other) => (one.timestamp ?? 0) - (other.timestamp ?? 0));
    const lines = sorted.map(({ message = "" }) => message);
    return isFirst ? lines.slice(Math.max(0, lines.length - limit)) : lines;
  }

  async #end(stream: LogStream, limit: number): Promise<OutputLogEvent[]> {
    // AWS returns at least 1 event and at most 10,000.
    const asked = Math.min(Math.max(limit, 1), 10_000);
    const { events = [], nextForwardToken } = await this.aws
      .logs()
      .send(new GetLogEventsCommand({ ...stream, startFromHead: false, limit: asked }));
    this.#tokens.set(keyOf(stream), nextForwardToken);
    return events;
  }

  async #newer(stream: LogStream): Promise<OutputLogEvent[]> {
    const found: OutputLogEvent[] = [];
    for (;;) {
      const nextToken = this.#tokens.get(keyOf(stream));
      const { events = [], nextForwardToken } = await this.aws
        .logs()
        .send(new GetLogEventsCommand({ ...stream, startFromHead: true, nextToken }));
      found.push(...events);
      this.#tokens.set(keyOf(stream), nextForwardToken);
      if (events.length === 0 || nextForwardToken === nextToken) return found;
    }
  }
}

function keyOf({ logGroupName, logStreamName }: LogStream): string {
  return `${logGroupName}:${logStreamName}`;
}

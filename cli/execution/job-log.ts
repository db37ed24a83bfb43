import {
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import { type JobKind, jobLogGroup, jobLogPrefix } from "../../workflow/job-kinds";
import type { Aws } from "../account/clients";

/** The log of a job, read while it runs. */
export class JobLog {
  readonly #logGroupName: string;
  #logStreamName: string | undefined;
  #nextToken: string | undefined;

  constructor(
    private readonly aws: Aws,
    private readonly job: string,
    private readonly kind: JobKind,
  ) {
    this.#logGroupName = jobLogGroup(kind);
  }

  /** Returns the lines that have come since the last call. */
  async newLines(): Promise<string[]> {
    this.#logStreamName ??= await this.findStream();
    if (this.#logStreamName === undefined) return [];
    const lines: string[] = [];
    for (;;) {
      const { events = [], nextForwardToken } = await this.aws.logs().send(
        new GetLogEventsCommand({
          logGroupName: this.#logGroupName,
          logStreamName: this.#logStreamName,
          startFromHead: true,
          nextToken: this.#nextToken,
        }),
      );
      lines.push(...events.map(({ message = "" }) => message));
      const isEnd = events.length === 0 || nextForwardToken === this.#nextToken;
      this.#nextToken = nextForwardToken;
      if (isEnd) return lines;
    }
  }

  private async findStream(): Promise<string | undefined> {
    const stream = {
      logGroupName: this.#logGroupName,
      logStreamNamePrefix: jobLogPrefix(this.kind, this.job),
    };
    try {
      const { logStreams } = await this.aws.logs().send(new DescribeLogStreamsCommand(stream));
      return logStreams?.[0]?.logStreamName;
    } catch (error) {
      // The first job's first line creates the group.
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }
}

import {
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
  type GetLogEventsCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import { type JobKind, jobLogGroup, jobLogPrefix } from "../../workflow/job-kinds";
import type { Aws } from "../account/clients";

const group = (endpointName: string) => `/aws/sagemaker/Endpoints/${endpointName}`;

/** Returns the last lines of a job's log; none if it cannot be read, so that the failure's reason is still shown. */
export async function jobLogLines(aws: Aws, kind: JobKind, job: string): Promise<string[]> {
  const logGroupName = jobLogGroup(kind);
  try {
    const { logStreams } = await aws
      .logs()
      .send(new DescribeLogStreamsCommand({ logGroupName, logStreamNamePrefix: jobLogPrefix(kind, job) }));
    const logStreamName = logStreams?.[0]?.logStreamName;
    if (logStreamName === undefined) return [];
    return endOfJob(await lastEvents(aws, { logGroupName, logStreamName, limit: readLines }));
  } catch {
    return [];
  }
}

/** Lines read from the end of a log, and shown of them. */
const readLines = 200;
const shownLines = 20;

/** How far the clocks of this machine and of AWS may be apart. */
const clockDifference = 60_000;

/**
 * Returns the end of an endpoint's newest log; none if it cannot be read, so that the failure itself is still shown.
 *
 * @param name the endpoint, or the start of the names of those that it may be
 * @param since when what failed began: an endpoint keeps the log of earlier models
 */
export async function endpointLogLines(aws: Aws, name: string, since: Date): Promise<string[]> {
  try {
    const { logGroups = [] } = await aws
      .logs()
      .send(new DescribeLogGroupsCommand({ logGroupNamePrefix: group(name) }));
    const streams = await Promise.all(
      logGroups.map(({ logGroupName = "" }) => newestStream(aws, logGroupName)),
    );
    const newest = streams.sort((one, other) => other.time - one.time)[0];
    if (newest === undefined) return [];
    const { logGroupName, logStreamName } = newest;
    const startTime = since.getTime() - (aws.isEmulator ? 0 : clockDifference);
    return relevantLines(await lastEvents(aws, { logGroupName, logStreamName, startTime, limit: readLines }));
  } catch {
    return [];
  }
}

async function newestStream(aws: Aws, logGroupName: string) {
  const { logStreams } = await aws
    .logs()
    .send(
      new DescribeLogStreamsCommand({ logGroupName, orderBy: "LastEventTime", descending: true, limit: 1 }),
    );
  const { logStreamName, lastEventTimestamp: time = 0 } = logStreams?.[0] ?? {};
  return { logGroupName, logStreamName, time };
}

async function lastEvents(aws: Aws, from: GetLogEventsCommandInput): Promise<string[]> {
  const { events = [] } = await aws.logs().send(new GetLogEventsCommand({ ...from, startFromHead: false }));
  return events.map(({ message = "" }) => message);
}

/** Where a container has the scripts of a model or job. */
const scriptFrame = /^\s+File "\/opt\/ml\//;

/** The last traceback, without the frames of the server around the script and of libraries; or else the last lines. */
export function relevantLines(lines: readonly string[]): string[] {
  const start = lines.findLastIndex((line) => line.startsWith("Traceback "));
  if (start < 0) return lines.slice(-shownLines);
  const [title = "", ...rest] = lines.slice(start);
  // The exception is the first line after the frames that is not indented.
  const exception = rest.findIndex((line) => !/^\s/.test(line));
  const traceback = exception < 0 ? rest : rest.slice(0, exception + 1);
  const script = traceback.findIndex((line) => scriptFrame.test(line));
  if (script < 0) return [title, ...traceback.slice(1 - shownLines)];
  return [title, ...withoutLibraries(traceback.slice(script)).slice(1 - shownLines)];
}

/** A job's last lines; a traceback among them begins with the script's own frames. */
export function endOfJob(lines: readonly string[]): string[] {
  const last = lines.slice(-shownLines);
  const isTraceback = last.some((line) => /^\s+File "/.test(line));
  return isTraceback ? relevantLines(lines) : last;
}

/** A frame of an installed package, or of Python's own library. */
const libraryFrame = /^\s+File "[^"]*\/(?:site-packages|python3\.\d+)\/(?!site-packages\/)([^/".]+)/;

/** Frames with each library's calls in one line; its own log has them all. */
function withoutLibraries(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let library: string | undefined;
  for (const line of lines) {
    const isFrame = /^\s+File "/.test(line);
    const called = libraryFrame.exec(line)?.[1];
    if (isFrame && called !== undefined && called !== library) kept.push(`  … in ${called}`);
    if (isFrame || !/^\s/.test(line)) library = called;
    if (library === undefined) kept.push(line);
  }
  return kept;
}

/** The lines as part of a failure's text. */
export function logText(whose: "job" | "endpoint", lines: readonly string[]): string[] {
  return lines.length === 0
    ? []
    : [`  last lines of the ${whose}'s log:`, ...lines.map((line) => `    ${line}`)];
}

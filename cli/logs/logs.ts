import { setTimeout as sleep } from "node:timers/promises";
import { announce, openEnvironment } from "../account/environment";
import { ownedBy } from "../account/ownership";
import { endpointStreams, jobStreams, LogTail } from "../execution/log-tail";
import { UsageError } from "../terminal/errors";
import { print, printToStderr } from "../terminal/print";
import { interruption } from "../terminal/progress";

interface LogsOptions {
  readonly lines: number;
  readonly follow: boolean;
}

/** Shows the log of an environment's endpoint, or of one endpoint or job by its name. */
export async function logs(name: string, of: string | undefined, options: LogsOptions): Promise<void> {
  const environment = openEnvironment(name);
  const { aws, baseName } = environment;
  if (of !== undefined && !ownedBy(baseName, of)) {
    throw new UsageError(
      `The name must be that of an endpoint or a job of ${baseName}, such as ${baseName}-train-…, got ${of}`,
    );
  }
  await announce(environment);
  const signal = interruption();
  const find = async () => [
    ...(await endpointStreams(aws, of ?? baseName)),
    ...(of === undefined ? [] : await jobStreams(aws, of)),
  ];
  const tail = new LogTail(aws, find);
  const found = await tail.lines(options.lines);
  if (found.length === 0 && of !== undefined && !options.follow) {
    throw new UsageError(
      `There is no log of ${of}. npm run status -- ${name} lists executions and endpoints; npm run execute -- ${name} --attach <execution> its jobs`,
    );
  }
  if (found.length === 0) printToStderr(`No endpoint of ${baseName} has written to its log yet`);
  for (const line of found) print(line);
  while (options.follow && !signal.aborted) {
    await sleep(aws.isEmulator ? 500 : 3000, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    for (const line of await tail.lines()) print(line);
  }
}

/**
 * Two of the commands at a time, their output one after the other: `npm test`.
 *
 * concurrently itself ends with a line on each command; here the test runner's own summary comes last.
 */

import { type CloseEvent, concurrently, Logger } from "concurrently";

const { result } = concurrently(process.argv.slice(2), {
  group: true,
  maxProcesses: 2,
  logger: new Logger({ raw: true }),
});

result.catch((ends: CloseEvent[]) => {
  for (const { command, exitCode } of ends) {
    if (exitCode !== 0) console.error(`${command.command} exited with code ${exitCode}`);
  }
  process.exitCode = 1;
});

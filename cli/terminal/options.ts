/** Arguments and options that several commands share, and their parsers. */

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { localEnvironment } from "../../configuration/names";
import { longestWhy } from "../../workflow/retraining/retraining";

/** Help on exit codes: for commands that run the workflow, and for others. */
const exitCodesText = {
  run: `
Exit codes:
  0    succeeded
  1    the execution or the endpoint test failed
  2    wrong usage; nothing was started
  3    outcome unknown: stopped waiting, or AWS did not respond
  130  interrupted with Ctrl-C; the execution continues
`,
  ownEmulator: `
Exit codes:
  0    succeeded
  1    the execution or the endpoint test failed
  2    wrong usage; nothing was started
  3    outcome unknown: stopped waiting; the emulator has stopped
  130  interrupted with Ctrl-C; the emulator has stopped, and the execution with it
`,
  other: `
Exit codes:
  0    done
  1    failed, as the message describes
  2    wrong usage, or refused; nothing was changed
  3    AWS did not respond
  130  interrupted with Ctrl-C
`,
} as const;

/** How long to wait for an execution, in seconds; the recipe waits as long. */
const defaultTimeout = 30 * 60;

/** Adds the arguments of commands that act on one environment's workflow. */
export function targeted(command: Command): Command {
  return inEnvironment(command)
    .option(
      "--outputs-file <file>",
      "outputs of the deploy; default: outputs.<environment>.json, except for the emulator",
    )
    .option("--state-machine-arn <arn>", "ARN of the state machine; default: from the outputs file")
    .option("--bucket <name>", "name of the artifact bucket; default: from the outputs file");
}

/** Adds the optional environment of commands that default to the emulator. */
export function inEnvironment(command: Command): Command {
  return command
    .usage("-- [environment] [options]")
    .addArgument(
      new Argument("[environment]", `environment in config.ts; ${localEnvironment} is the emulator`).default(
        localEnvironment,
      ),
    );
}

/** Adds the required environment of commands that must not default to one, such as those that run Terraform. */
export function requiredEnvironment(command: Command): Command {
  return command
    .usage("-- <environment> [options]")
    .argument("<environment>", `environment in config.ts; ${localEnvironment} is the running emulator`);
}

export function yes(verb: string): Option {
  return new Option("--yes", `${verb} without confirmation`).default(false);
}

export function json(): Option {
  return new Option(
    "--json",
    "print one JSON document; `npm run --silent` keeps npm from printing more",
  ).default(false);
}

export function output(): Option {
  return new Option("--output <file>", "also write the JSON document to a file").argParser(newFile);
}

/** Checks a file's folder early: a result that cannot be written would be lost. */
function newFile(path: string): string {
  if (!existsSync(dirname(resolve(path)))) {
    throw new InvalidArgumentError(`The folder ${dirname(path)} does not exist.`);
  }
  return path;
}

export function anyKey(): Option {
  return new Option(
    "--any-key",
    "accept any access key: any user of this machine may then call (docs/emulator.md)",
  ).default(false);
}

export function timeout(what = "execution"): Option {
  return new Option("--timeout <seconds>", `how long to wait for the ${what}`)
    .default(defaultTimeout)
    .argParser(positiveNumber);
}

export function assumption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(positiveNumber);
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}

/** Checks the text of a reason early: it becomes part of an execution's input. */
export function why(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length < 1 || trimmed.length > longestWhy) {
    throw new InvalidArgumentError(`It must have 1 to ${longestWhy} characters, got ${trimmed.length}.`);
  }
  return trimmed;
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number of 1 or more.");
  return value;
}

/** https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const forbiddenCharacters = '< > { } [ ] ? * " # % \\ ^ | ~ ` $ & , ; : /';
const forbiddenInNames =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression matches what is forbidden
  /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/u;

/** Checks an execution's name early: AWS would refuse it only after the data is uploaded. */
export function executionName(text: string): string {
  const [found] = text.match(forbiddenInNames) ?? [];
  if (found !== undefined) {
    throw new InvalidArgumentError(
      `It must not contain ${JSON.stringify(found)}: Step Functions forbids white space, control characters and ${forbiddenCharacters}. Letters, digits, "-", "_" and "." are safe.`,
    );
  }
  if (text.length < 1 || text.length > 80) {
    throw new InvalidArgumentError(`It must have 1 to 80 characters, got ${text.length}.`);
  }
  return text;
}

export function timeScale(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1))
    throw new InvalidArgumentError("It must be a number above 0 and at most 1.");
  return value;
}

export function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    throw new InvalidArgumentError("It must be a whole number from 1 to 65535.");
  }
  return value;
}

/** Examples and exit codes for the end of a command's help. */
export function examples(...lines: string[]): string {
  return helpEnding(lines, exitCodesText.other);
}

/** The same for commands that run the workflow. */
export function examplesOfRuns(...lines: string[]): string {
  return helpEnding(lines, exitCodesText.run);
}

/** The same for commands that run the workflow in an emulator of their own. */
export function examplesOfOwnRuns(...lines: string[]): string {
  return helpEnding(lines, exitCodesText.ownEmulator);
}

function helpEnding(lines: readonly string[], codes: string): string {
  return ["", "Examples:", ...lines.map((line) => `  ${line}`), codes].join("\n");
}

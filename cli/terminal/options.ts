/** Arguments and options that several commands share, and how they are read. */

import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { localEnvironment } from "../../configuration/names";

/** What the exit codes mean for commands that run the workflow, and for the others. */
const exitCodesText = {
  run: `
Exit codes:
  0    succeeded
  1    the execution or the endpoint test failed
  2    wrong usage; nothing was started
  3    outcome unknown: stopped waiting, or AWS could not be asked
  130  left by Ctrl-C; the execution goes on
`,
  other: `
Exit codes:
  0    done
  1    failed; the message says how
  2    wrong usage, or refused; nothing was touched
  3    AWS could not be asked
  130  interrupted by Ctrl-C
`,
} as const;

/** How long to wait for an execution, in seconds, as the recipe does. */
const defaultTimeout = 30 * 60;

/** Arguments of the commands that act on one environment's workflow. */
export function targeted(command: Command): Command {
  return inEnvironment(command)
    .option(
      "--outputs-file <file>",
      "what the deploy wrote; outputs.<environment>.json by default, but for the emulator",
    )
    .option("--state-machine-arn <arn>", "in place of the outputs file's")
    .option("--bucket <name>", "in place of the outputs file's");
}

/** For commands that are as good in the emulator. */
export function inEnvironment(command: Command): Command {
  return command
    .usage("-- [environment] [options]")
    .addArgument(
      new Argument("[environment]", `of config.ts; ${localEnvironment} is the emulator`).default(
        localEnvironment,
      ),
    );
}

/** For commands that run Terraform: nobody should have to guess which environment. */
export function deployed(command: Command): Command {
  return command
    .usage("-- <environment> [options]")
    .argument("<environment>", `of config.ts; ${localEnvironment} is the emulator that runs`);
}

export function yes(verb: string): Option {
  return new Option("--yes", `${verb} without asking`).default(false);
}

export function json(): Option {
  return new Option("--json", "print one JSON document, for machines").default(false);
}

export function anyKey(): Option {
  return new Option(
    "--any-key",
    "take whatever keys a client has: any user of this machine may then call (docs/emulator.md)",
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
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("It must be a number greater than 0.");
  return value;
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return value;
}

/** https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const forbiddenCharacters = '< > { } [ ] ? * " # % \\ ^ | ~ ` $ & , ; : /';
const forbiddenInNames =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is forbidden
  /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/u;

/** What Step Functions takes as an execution's name: AWS says no only after the data is uploaded. */
export function executionName(text: string): string {
  const [found] = text.match(forbiddenInNames) ?? [];
  if (found !== undefined) {
    throw new InvalidArgumentError(
      `A name has no ${JSON.stringify(found)}: Step Functions forbids white space, control characters and ${forbiddenCharacters}. Letters, digits, "-", "_" and "." are safe.`,
    );
  }
  if (text.length < 1 || text.length > 80) {
    throw new InvalidArgumentError(`It must have 1 to 80 characters, got ${text.length}.`);
  }
  return text;
}

export function timeScale(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError("It must be above 0 and at most 1.");
  return value;
}

export function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    throw new InvalidArgumentError("It must be a whole number from 1 to 65535.");
  }
  return value;
}

/** Examples and exit codes, for the end of a command's help. */
export function examples(...lines: string[]): string {
  return helpEnding(lines, exitCodesText.other);
}

/** The same for commands that run the workflow. */
export function examplesOfRuns(...lines: string[]): string {
  return helpEnding(lines, exitCodesText.run);
}

function helpEnding(lines: readonly string[], codes: string): string {
  return ["", "Examples:", ...lines.map((line) => `  ${line}`), codes].join("\n");
}

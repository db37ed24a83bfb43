/** The public linters and scanners, run as programs. */

import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { prepareEnvironments } from "../../cli/emulator/python";
import { projectRoot } from "../../cli/paths";

/** What a program did. */
interface ProgramResult {
  readonly status: number | null;
  readonly output: string;
  readonly complaints: string;
}

/** The programs of the environment `security`, which is built first where it is missing. */
export interface SecurityTools {
  readonly python: string;
  readonly checkov: string;
  readonly zizmor: string;
}

export async function securityTools(): Promise<SecurityTools> {
  const { security } = await prepareEnvironments(["security"], (line) => process.stderr.write(`${line}\n`));
  const python = security?.python as string;
  return { python, checkov: join(dirname(python), "checkov"), zizmor: join(dirname(python), "zizmor") };
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly input?: string; readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ProgramResult> {
  const { input = "", cwd = projectRoot, env = process.env } = options;
  const child = spawn(program, args, { cwd, env });
  const ended = new Promise<number | null>((settle, refuse) => {
    child.on("error", refuse);
    child.on("close", settle);
  });
  child.stdin.end(input);
  const [status, output, complaints] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { status, output, complaints };
}

const checkSchema = z.object({
  check_id: z.string(),
  check_name: z.string(),
  file_path: z.string(),
  /** Ends in the resource's name in Terraform. */
  resource: z.string(),
});

const reportSchema = z.object({
  results: z.object({
    passed_checks: z.array(checkSchema),
    failed_checks: z.array(checkSchema),
    parsing_errors: z.array(z.string()),
  }),
});

export type CheckovReport = z.output<typeof reportSchema>["results"];

/** Scans the stacks in a folder with checkov, once for all: its start is what takes time. */
export async function scan({ checkov }: SecurityTools, stacks: string): Promise<CheckovReport> {
  const { output, complaints } = await run(
    checkov,
    [
      "--framework",
      "terraform_json",
      "--directory",
      stacks,
      "--compact",
      "--skip-download",
      "--output",
      "json",
    ],
    // Neither a developer's settings nor an account of the makers' platform change what is found.
    { cwd: stacks, env: { PATH: process.env.PATH, HOME: stacks, LOG_LEVEL: "ERROR" } },
  );
  return reportSchema.parse(parsed("checkov", output, complaints)).results;
}

const policyFindingsSchema = z.array(z.object({ name: z.string(), check: z.string(), detail: z.string() }));

/** Lints policies with parliament. */
export async function lintPolicies(
  { python }: SecurityTools,
  policies: readonly { readonly name: string; readonly policy: unknown }[],
): Promise<z.output<typeof policyFindingsSchema>> {
  const script = join(__dirname, "policies.py");
  const { output, complaints } = await run(python, [script], { input: JSON.stringify(policies) });
  return policyFindingsSchema.parse(parsed("parliament", output, complaints));
}

function parsed(tool: string, output: string, complaints: string): unknown {
  try {
    return JSON.parse(output);
  } catch (error) {
    throw new Error(`${tool} has not answered in JSON: ${output}${complaints}`, { cause: error });
  }
}

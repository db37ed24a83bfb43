/** Checks the content of `config.ts`, and overrides the workflow's props with each environment's values. */

import { z } from "zod";
import { requireEntryPoint } from "../source-files";
import { overEndpoint } from "../workflow/endpoint/kinds";
import type { ExecutionInput } from "../workflow/execution-input";
import type { ScriptProps } from "../workflow/job-props";
import { checkNameScope } from "../workflow/names";
import { type WorkflowProps, workflowSettings } from "../workflow/props";
import type { WorkflowSettings } from "../workflow/settings";
import { type EnvironmentConfig, environmentSchema } from "./environment-schema";
import { localEnvironment } from "./names";
import { problemText } from "./problem-texts";
import { sampleDataProblem } from "./sample-data";
import { isWorkflowKey, testRunSchema, type WorkflowConfig, workflowSchema } from "./workflow-schema";

const environmentsSchema = z
  .record(
    z
      .string()
      .regex(/^[a-z][a-z0-9]{0,9}$/, "an environment's name must be 1 to 10 lower-case letters and digits"),
    environmentSchema,
  )
  .refine((environments) => Object.keys(environments).length > 0, {
    error: `must have an environment: add ${localEnvironment}, which is the emulator`,
  });

/** A run to try the workflow out, with `npm start` or `npm run execute`. */
export type TestRun = z.output<typeof testRunSchema> & { readonly executionInput: ExecutionInput };

/** The content of `config.ts`. */
export interface ConfigInput {
  /** Environments by name; `local` is the emulator. `environment-schema.ts` documents the keys of an entry. */
  readonly environments: z.input<typeof environmentsSchema>;
  /** The workflow's props, the same in every environment, or a function of the environment's name. */
  readonly workflow: WorkflowConfig | ((environment: string) => WorkflowConfig);
  readonly testRun: TestRun;
}

/** The checked configuration. */
export interface Config {
  readonly environments: Readonly<Record<string, EnvironmentConfig>>;
  readonly testRun: TestRun;
  /**
   * Returns the workflow's props in an environment.
   *
   * @throws ConfigurationError if the environment does not exist
   */
  workflowProps(environment: string): WorkflowProps;
}

/** `config.ts` is invalid; the message lists every invalid value with its path. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

/**
 * Checks a configuration, fills in the defaults, and overrides the workflow's props with each environment's values.
 *
 * @throws ConfigurationError
 */
export function defineConfig(input: ConfigInput): Config {
  const { environments, testRun } = parse(
    z.strictObject({ environments: environmentsSchema, testRun: testRunSchema, workflow: z.unknown() }),
    input,
  );
  const { workflow } = input;
  const propsOf = (name: string) => ({
    ...parse(workflowSchema, typeof workflow === "function" ? workflow(name) : workflow, "workflow"),
    environment: name,
  });
  const workflows = new Map(
    Object.entries(environments).map(([name, entry]) => [name, inEnvironment(propsOf(name), entry)]),
  );
  refuseWhatCannotWork(workflows, environments);
  const problem = testRun.sampleData === undefined ? undefined : sampleDataProblem(testRun.sampleData);
  if (problem !== undefined) throw invalid(`✖ ${problem}\n  → at testRun.sampleData`);
  return {
    environments,
    testRun: testRun as TestRun,
    workflowProps(name) {
      const props = workflows.get(name);
      if (props === undefined) {
        throw new ConfigurationError(
          `There is no environment ${name}; config.ts has ${[...workflows.keys()].join(", ")}`,
        );
      }
      return props;
    },
  };
}

/**
 * Checks only the environments, and fills in the defaults.
 *
 * @throws ConfigurationError
 */
export function parseEnvironments(environments: ConfigInput["environments"]): Config["environments"] {
  return parse(z.strictObject({ environments: environmentsSchema }), { environments }).environments;
}

/** The workflow's props with one environment's sizes, gate, network and tags. */
export function inEnvironment(props: WorkflowProps, environment: EnvironmentConfig): WorkflowProps {
  const { sizes, endpoint, gate, vpc, tags, approval, retention } = environment;
  const { schedule: _, ...window } = environment.monitor ?? {};
  const { schedule: __, ...retraining } = environment.retraining ?? {};
  return {
    ...props,
    processing: { ...props.processing, ...sizes.processing },
    training: { ...props.training, ...sizes.training },
    monitor: props.monitor && { ...props.monitor, ...window },
    retraining:
      environment.retraining === undefined ? props.retraining : { ...props.retraining, ...retraining },
    endpoint: overEndpoint(props.endpoint, endpoint),
    gate: { ...props.gate, ...gate },
    approval: approval ?? props.approval,
    retainedReleases: retention.releases ?? props.retainedReleases,
    rollbackAlarms: [...(props.rollbackAlarms ?? []), ...environment.rollbackAlarms],
    vpc: vpc ?? props.vpc,
    tags: { ...props.tags, ...tags },
  };
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  ...place: string[]
): z.output<Schema> {
  const result = schema.safeParse(value, { error: problemText, reportInput: true });
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => ({
    ...issue,
    message: withInput(issue),
    path: [...place, ...issue.path],
  }));
  throw invalid(z.prettifyError({ issues }));
}

/** The text of a problem, with the value if it is of the wrong form and the schema's text does not say what it is. */
function withInput({ code, message, input }: z.core.$ZodIssue): string {
  const isSaid = code !== "invalid_format" || message.includes(", got ");
  return isSaid ? message : `${message}, got ${JSON.stringify(input)}`;
}

/** Refuses values that are valid alone but not together, each once with its place. */
function refuseWhatCannotWork(
  workflows: ReadonlyMap<string, WorkflowProps>,
  environments: Config["environments"],
): void {
  const problems = new Map<string, string[]>();
  for (const [name, props] of workflows) {
    try {
      checkNameScope(props);
      const settings = workflowSettings(props, (script) => checkedFolder(props, script));
      if (environments[name]?.monitor !== undefined) requireMonitor("monitor", props, settings);
      if (settings.retraining?.on.length) requireMonitor("retraining.on", props, settings);
    } catch (error) {
      const { message } = error as Error;
      problems.set(message, [...(problems.get(message) ?? []), name]);
    }
  }
  if (problems.size === 0) return;
  const lines = [...problems].map(([message, names]) => {
    const place =
      names.length === workflows.size
        ? workflowPlace(message)
        : names.map((name) => `environments.${name}`).join(", ");
    return `✖ ${message}\n  → at ${place}`;
  });
  throw invalid(lines.join("\n"));
}

/** A monitor that an environment asks for has to be one that runs. */
function requireMonitor(key: string, props: WorkflowProps, { monitor }: WorkflowSettings): void {
  if (monitor !== undefined) return;
  throw new Error(
    props.monitor === undefined
      ? `${key} needs ${key === "monitor" ? "" : "a monitor with "}a script: set workflow.monitor, such as { folder, entryPoint } (docs/monitoring.md)`
      : `${key} needs captured requests: set endpoint.capture, such as { percentage: 100 }, of an endpoint on instances; AWS captures none of a serverless one`,
  );
}

/** The place in the workflow of a problem whose text starts with the key that it is about. */
function workflowPlace(message: string): string {
  const [key = "", first = ""] = /^(\w+)[\w.[\]-]*/.exec(message) ?? [];
  return isWorkflowKey(first) ? `workflow.${key}` : "workflow";
}

/** Names the key of a script whose folder or entry point is not there. */
function checkedFolder(props: WorkflowProps, script: ScriptProps): string {
  try {
    requireEntryPoint(script);
  } catch (error) {
    const isThis = (value: unknown) => {
      const { folder, entryPoint } = Object(value) as Partial<ScriptProps>;
      return folder === script.folder && entryPoint === script.entryPoint;
    };
    const [key] = Object.entries(props).find(([, value]) => isThis(value)) ?? [];
    throw new Error(`${key}: ${(error as Error).message}`, { cause: error });
  }
  return script.folder;
}

function invalid(problems: string): ConfigurationError {
  return new ConfigurationError(`config.ts is invalid:\n${problems}`);
}

/** The steps that a run can start from, what each is made of, and where a change lets the next run start. */

import { createHash } from "node:crypto";
import type { TestRun } from "../../configuration/define";
import type { Variables } from "../../workflow/asl/enter";
import type { ScriptProps } from "../../workflow/job-props";
import type { WorkflowProps } from "../../workflow/props";

/** What a step does follows from its scripts and its settings. */
export interface Step {
  /** The state that a run starts from. */
  readonly state: string;
  readonly scripts: readonly ScriptProps[];
  readonly settings: unknown;
  /** Scripts of the workflow that no step runs: what only they use is no change of a step. */
  readonly elsewhere?: readonly ScriptProps[];
}

/** The content of code files: by folder, by path in it. */
export type Sources = ReadonlyMap<string, ReadonlyMap<string, Buffer>>;

/** The steps of a workflow, in the order in which they run. */
export function stepsOf(
  { processing, training, tuning, inference, comparison, monitor, gate, smokeTest }: WorkflowProps,
  { executionInput, instances }: Pick<TestRun, "executionInput" | "instances">,
): Step[] {
  return [
    // The input says, among others, where the data is.
    { state: "DataPreprocessing", scripts: [processing], settings: [processing, executionInput] },
    // The model artifact contains the code that serves it.
    {
      state: tuning === undefined ? "ModelTraining" : "TrainOrTune",
      scripts: [training, inference],
      settings: [training, inference],
    },
    ...(comparison ? [{ state: "FindChampion", scripts: [comparison], settings: comparison }] : []),
    // What follows is the release with its smoke test, and the test of the endpoint.
    {
      state: "ModelEvaluation",
      scripts: [],
      settings: [gate, smokeTest, instances],
      ...(monitor && { elsewhere: [monitor] }),
    },
  ];
}

/** What a workflow is beside its steps: resources are made from it, which do not follow a change. */
export function fixedParts(props: WorkflowProps, { sampleData }: Pick<TestRun, "sampleData">): string {
  const { processing, training, inference, comparison, gate: _, smokeTest, ...rest } = props;
  const folders = [processing, training, inference, comparison].map((script) => script?.folder);
  // A smoke test has a function of its own; data without a folder is created once.
  return JSON.stringify([rest, folders, smokeTest === undefined, sampleData === undefined]);
}

/** The workflow as it is at one moment. */
export interface Snapshot {
  /** The names of the parts that each step is made of. */
  readonly steps: readonly { readonly state: string; readonly parts: readonly string[] }[];
  /** A hash of each part, by the name that a change of it is shown under: a file's path, or a step's settings. */
  readonly parts: ReadonlyMap<string, string>;
}

/**
 * Takes the hashes of everything that the steps are made of.
 *
 * @param data what the sample data's files look like, by path; they are a part of the first step
 */
export function snapshot(
  steps: readonly Step[],
  sources: Sources,
  data: ReadonlyMap<string, string> = new Map(),
): Snapshot {
  const parts = new Map<string, string>();
  const taken = steps.map(({ state, scripts, settings }, index) => {
    const own = new Map([
      [`settings of ${state} in config.ts`, hash(JSON.stringify(settings))],
      ...(index === 0 ? data : []),
    ]);
    for (const { folder, entryPoint } of scripts) {
      const files = sources.get(folder) ?? new Map<string, Buffer>();
      for (const path of filesOf(entryPoint, files, entryPointsIn(folder, steps))) {
        own.set(`${folder}/${path}`, hash(files.get(path) as Buffer));
      }
    }
    for (const [name, value] of own) parts.set(name, value);
    return { state, parts: [...own.keys()] };
  });
  return { steps: taken, parts };
}

function entryPointsIn(folder: string, steps: readonly Step[]): string[] {
  const scripts = steps.flatMap(({ scripts, elsewhere = [] }) => [...scripts, ...elsewhere]);
  return scripts.filter((script) => script.folder === folder).map(({ entryPoint }) => entryPoint);
}

/** The names of the parts that differ between two snapshots. */
export function changedParts(before: Snapshot, now: Snapshot): string[] {
  const names = new Set([...before.parts.keys(), ...now.parts.keys()]);
  return [...names].filter((name) => before.parts.get(name) !== now.parts.get(name)).sort();
}

/** What a run can start a step with, from an earlier run that came there. */
export interface Checkpoint {
  readonly state: string;
  readonly variables: Variables;
  /** The number of that run. */
  readonly run: number;
  /** The workflow that it ran. */
  readonly snapshot: Snapshot;
}

/**
 * Where the next run starts: with the first step that has changed since the last run, or with one before it, if what the
 * step needs was made by other code. Undefined: with the whole workflow.
 */
export function startingPoint(
  last: Snapshot,
  now: Snapshot,
  checkpoints: ReadonlyMap<string, Checkpoint>,
): Checkpoint | undefined {
  const upToChange = now.steps.slice(1, unchangedSteps(last, now) + 1).reverse();
  return upToChange
    .flatMap(({ state }) => checkpoints.get(state) ?? [])
    .find((made) => {
      const index = now.steps.findIndex(({ state }) => state === made.state);
      return unchangedSteps(made.snapshot, now) >= index;
    });
}

/**
 * How many steps are as they were, from the first one on. A part that a step only came to use, or no longer uses, is no
 * change: what made it so is.
 */
function unchangedSteps(before: Snapshot, now: Snapshot): number {
  const changed = new Set(changedParts(before, now));
  const first = now.steps.findIndex(({ parts }, i) =>
    [...parts, ...(before.steps[i]?.parts ?? [])].some((name) => changed.has(name)),
  );
  return first < 0 ? now.steps.length : first;
}

/**
 * The files of a folder that belong to a script: what it imports or names, directly or through others, and what no
 * script of the folder does.
 */
export function filesOf(
  entryPoint: string,
  files: ReadonlyMap<string, Buffer>,
  entryPoints: readonly string[],
): string[] {
  const used = new Set(entryPoints.flatMap((script) => [...usedBy(script, files, entryPoints)]));
  const unused = [...files.keys()].filter((path) => !used.has(path));
  return [...usedBy(entryPoint, files, entryPoints), ...unused];
}

function usedBy(
  entryPoint: string,
  files: ReadonlyMap<string, Buffer>,
  entryPoints: readonly string[],
): ReadonlySet<string> {
  const found = new Set(files.has(entryPoint) ? [entryPoint] : []);
  for (const path of found) {
    const text = path.endsWith(".py") ? String(files.get(path)) : "";
    const words = importedWords(text);
    for (const other of files.keys()) {
      const names = other.split("/");
      const file = names.at(-1) as string;
      const module = file === "__init__.py" ? names.at(-2) : file.replace(/\.py$/, "");
      // Text may be a comment: a script that another one mentions is not yet used by it.
      const named = !entryPoints.includes(other) && text.includes(file);
      if (named || (file.endsWith(".py") && words.has(module as string))) found.add(other);
    }
  }
  return found;
}

const importStatement =
  /^[ \t]*(?:from[ \t]+(\S+)[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]*))/gm;

/** Every name in an import statement. More than the modules: better one run too long than one too short. */
function importedWords(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(importStatement)].flatMap(([statement]) => statement.match(/\w+/g) ?? []));
}

function hash(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

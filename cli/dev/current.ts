import { setTimeout as sleep } from "node:timers/promises";
import { configurationFiles, reloadedConfiguration } from "../../configuration";
import type { TestRun } from "../../configuration/define";
import { localEnvironment } from "../../configuration/names";
import { scriptFolders, type WorkflowProps } from "../../workflow/props";
import { explain, UsageError } from "../terminal/errors";
import { dataState, readSources, saveState } from "./sources";
import { changedParts, fixedParts, type Snapshot, type Sources, snapshot, stepsOf } from "./steps";

/** The workflow as its files are at one moment. */
export interface Current {
  readonly props: WorkflowProps;
  readonly testRun: TestRun;
  readonly sources: Sources;
  readonly snapshot: Snapshot;
  /** What the files looked like just before they were read. */
  readonly saved: string;
}

type Known = Pick<Current, "props" | "testRun">;

/**
 * Reads the configuration and the scripts.
 *
 * @param known the workflow before: what its files look like is noted before they are read, so that no change is missed
 */
export function readCurrent(known: Known): Current {
  const saved = look(known);
  const { testRun, workflowProps } = reloadedConfiguration();
  const props = devProps(workflowProps(localEnvironment));
  const sources = readSources(scriptFolders(props));
  const data = dataState(testRun.sampleData);
  return { props, testRun, sources, snapshot: snapshot(stepsOf(props, testRun), sources, data), saved };
}

/** The loop itself decides which steps run again, from what was saved. */
export function devProps(props: WorkflowProps): WorkflowProps {
  return { ...props, cache: false };
}

/** A change, and the workflow after it. */
export interface Change {
  readonly current: Current;
  /** Names of what has changed. */
  readonly parts: readonly string[];
}

const pauseMilliseconds = 150;

/**
 * Waits until a saved file changes the workflow; undefined once the signal is aborted.
 *
 * @param complain called with what is wrong with a file that was saved and cannot be run
 */
export async function nextChange(
  before: Current,
  complain: (text: string) => void,
  signal: AbortSignal,
): Promise<Change | undefined> {
  let seen = before.saved;
  while (!signal.aborted) {
    await pause(signal);
    const saved = look(before);
    if (saved === seen) continue;
    await pause(signal);
    // A file that is being written is looked at again.
    if (look(before) !== saved) continue;
    seen = saved;
    try {
      const change = changeSince(before);
      if (change !== undefined) return change;
    } catch (error) {
      complain(userError(error));
    }
  }
  return undefined;
}

function changeSince(before: Current): Change | undefined {
  const current = readCurrent(before);
  if (fixedParts(current.props, current.testRun) !== fixedParts(before.props, before.testRun)) {
    throw new UsageError(
      "config.ts: only the settings of scripts and gate, the smoke test's examples and testRun can change while this runs. Stop it with Ctrl-C and start it again",
    );
  }
  const parts = changedParts(before.snapshot, current.snapshot);
  return parts.length === 0 ? undefined : { current, parts };
}

/** The message of an error that the user can act on; throws any other. */
export function userError(error: unknown): string {
  const explained = explain(error);
  if (explained instanceof Error && (explained !== error || "exitCode" in explained))
    return explained.message;
  throw error;
}

function look({ props, testRun }: Known): string {
  return saveState(scriptFolders(props), configurationFiles(), testRun.sampleData);
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(pauseMilliseconds, undefined, { signal }).catch(() => {});
}

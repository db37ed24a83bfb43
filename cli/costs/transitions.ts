import { stageChoice } from "../../workflow/stages";
import { cachedKinds, cacheStates } from "../../workflow/steps/cache";
import { type GraphJson, innerGraphs, type StateJson } from "../terraform/definition-json";

/** How long an execution polls. */
interface Polling {
  readonly minutes: number;
  /** The time between two checks, if an expression decides it at run time. */
  readonly intervalSeconds: number;
}

/**
 * Counts the state transitions of a successful execution.
 *
 * These are the states on the shortest path to a success, plus those of each polling loop on it, as often as it runs.
 * Every executed step is one transition: https://aws.amazon.com/step-functions/pricing/
 */
export function transitionsPerRun(graph: GraphJson, polling: Polling): number {
  const path = shortestPath(graph, graph.StartAt, ({ Type, End }) => Type === "Succeed" || End === true);
  let transitions = 0;
  for (const name of path) {
    const state = graph.States[name] as StateJson;
    transitions += 1 + insideOf(state, polling);
    if (state.Type === "Wait") {
      const seconds = typeof state.Seconds === "number" ? state.Seconds : polling.intervalSeconds;
      const checks = Math.ceil((polling.minutes * 60) / Math.max(seconds, 1));
      transitions += loopLength(graph, name, state) * Math.max(checks - 1, 0);
    }
  }
  return transitions;
}

function insideOf(state: StateJson, polling: Polling): number {
  const times = Array.isArray(state.Items) ? state.Items.length : 1;
  const inner = innerGraphs(state).map((graph) => transitionsPerRun(graph, polling));
  return times * inner.reduce((sum, transitions) => sum + transitions, 0);
}

/** The number of states in the shortest loop through `start`; 0 if there is none. */
function loopLength(graph: GraphJson, start: string, state: StateJson): number {
  const ways = nextStates(state).map((next) => shortestPath(graph, next, (_, name) => name === start));
  const lengths = ways.map((way) => way.length).filter((length) => length > 0);
  return lengths.length === 0 ? 0 : Math.min(...lengths);
}

/** The names on the shortest path from `start` to the first `goal` state, both included; empty if there is none. */
function shortestPath(
  graph: GraphJson,
  start: string,
  goal: (state: StateJson, name: string) => boolean,
): readonly string[] {
  const paths: string[][] = [[start]];
  const seen = new Set([start]);
  for (const path of paths) {
    const name = path.at(-1) as string;
    const state = graph.States[name];
    if (state === undefined) continue;
    if (goal(state, name)) return path;
    for (const next of ways.has(name) ? [state.Default ?? ""] : nextStates(state)) {
      if (seen.has(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return [];
}

/** Choices whose default is the way of an execution of which all is paid: from the beginning, with every job. */
const ways = new Set([stageChoice, ...cachedKinds.map((kind) => cacheStates(kind).found)]);

/** The next states of a state if nothing fails. */
function nextStates({ Next, Choices = [], Default }: StateJson): string[] {
  return [Next, ...Choices.map((choice) => choice.Next), Default].filter((name) => name !== undefined);
}

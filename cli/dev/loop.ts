import type { TestRun } from "../../configuration/define";
import type { Variables } from "../../workflow/asl/enter";
import type { ExecutionInput } from "../../workflow/execution-input";
import { rawDataPrefix, type WorkflowProps } from "../../workflow/props";
import { showEndpointErrorsUntil } from "../execution/endpoint-errors";
import type { PreviousModel } from "../execution/previous-model";
import { replaceData } from "../execution/sample-data";
import { print } from "../terminal/print";
import { type Change, type Current, nextChange, readCurrent, userError } from "./current";
import { type Local, run } from "./run";
import { dataState } from "./sources";
import { type Checkpoint, startingPoint } from "./steps";

/** Runs the workflow, and again for each change of its files. */
export class Loop {
  readonly #checkpoints = new Map<string, Checkpoint>();
  #runs = 0;
  /** What the sample data looked like when it was uploaded. */
  #uploaded: string | undefined;
  /** Of the last run that has measured a model. */
  #before: PreviousModel | undefined;

  /** @param input the execution input; default: that of config.ts */
  constructor(
    private readonly local: Local,
    private readonly known: { readonly props: WorkflowProps; readonly testRun: TestRun },
    private readonly input: ExecutionInput | undefined,
  ) {}

  /** Runs until the signal is aborted. A change during a run stops it. */
  async run(signal: AbortSignal): Promise<void> {
    let change: Change = { current: readCurrent(this.known), parts: [] };
    let last: Current | undefined;
    this.#uploaded = dataText(this.known.testRun);
    const { aws } = this.local;
    while (!signal.aborted) {
      const { current } = change;
      const from = last && startingPoint(last.snapshot, current.snapshot, this.#checkpoints);
      this.announce(change.parts, from);
      const stopped = new AbortController();
      const next = nextChange(current, print, signal);
      const running = this.runFrom(from, current, AbortSignal.any([signal, stopped.signal]));
      const first = await Promise.race([running.then(() => "ended"), next]);
      stopped.abort();
      await running;
      if (first !== "ended" && !signal.aborted) print(`${time()} Run ${this.#runs} was stopped.`);
      last = current;
      const found = await showEndpointErrorsUntil(next, { aws, workflow: current.props }, print);
      if (found === undefined) return;
      change = found;
    }
  }

  private announce(parts: readonly string[], from: Checkpoint | undefined): void {
    this.#runs += 1;
    const why = parts.length === 0 ? "" : `${parts.join(", ")} changed. `;
    const what =
      from === undefined ? "the whole workflow" : `from ${from.state}, with what run ${from.run} made`;
    print(`\n${time()} ${why}Run ${this.#runs}: ${what}`);
  }

  private async runFrom(from: Checkpoint | undefined, current: Current, signal: AbortSignal): Promise<void> {
    try {
      await this.uploadData(current);
      const { metrics, variables } = await run(
        this.local,
        {
          current,
          input: this.input ?? current.testRun.executionInput,
          entry: from,
          before: this.#before,
        },
        signal,
      );
      if (metrics !== undefined) this.#before = { name: `run ${this.#runs}`, metrics };
      this.keep(variables, from, current);
    } catch (error) {
      if (!signal.aborted) print(`  ${userError(error)}`);
    }
    if (!signal.aborted) print(`${time()} Waiting for a change of a script or config.ts; Ctrl-C stops.`);
  }

  private async uploadData({ props, testRun }: Current): Promise<void> {
    const now = dataText(testRun);
    if (testRun.sampleData === undefined || now === this.#uploaded) return;
    const { aws, workflow } = this.local;
    await replaceData(aws, workflow.dataBucketName, rawDataPrefix(props), testRun.sampleData);
    this.#uploaded = now;
  }

  private keep(
    variables: ReadonlyMap<string, Variables>,
    from: Checkpoint | undefined,
    { snapshot }: Current,
  ): void {
    for (const [state, values] of variables) {
      // What the run started with was made by another one.
      if (state === from?.state) continue;
      this.#checkpoints.set(state, { state, variables: values, run: this.#runs, snapshot });
    }
  }
}

function dataText({ sampleData }: TestRun): string {
  return JSON.stringify([...dataState(sampleData)]);
}

function time(): string {
  return new Date().toTimeString().slice(0, 8);
}

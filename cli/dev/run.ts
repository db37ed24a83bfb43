/** One run of the workflow, shown while it happens. */

import { type HistoryEvent, StopExecutionCommand } from "@aws-sdk/client-sfn";
import type { Variables } from "../../workflow/asl/enter";
import type { StateMachineDefinition } from "../../workflow/asl/states";
import type { ExecutionInput } from "../../workflow/execution-input";
import { jobKindOf } from "../../workflow/job-kinds";
import { resourceTags } from "../../workflow/resources";
import type { ExecutionReport } from "../../workflow/steps/report";
import type { Aws } from "../account/clients";
import { type LocalWorkflow, putStateMachine, redeploy } from "../emulator/resources";
import { testEndpoint } from "../execution/endpoint-test";
import { type ExecutionResult, startExecution, uniqueName, watchExecution } from "../execution/execution";
import { describeFailure, readFailure } from "../execution/failure";
import { type StateVisit, secondsBetween } from "../execution/history";
import { JobLog } from "../execution/job-log";
import { PhaseLines } from "../execution/phases";
import type { PreviousModel } from "../execution/previous-model";
import { executionOutput, metricsText, predictionsText } from "../execution/report";
import { placeInScript, scriptsOfJobs } from "../execution/script-error";
import { readHistory, variablesAt } from "../execution/variables";
import { print } from "../terminal/print";
import { type Current, userError } from "./current";
import { enteredMachine, lastPreparation } from "./machine";

/** Where runs happen. */
export interface Local {
  readonly aws: Aws;
  readonly workflow: LocalWorkflow;
}

interface RunRequest {
  readonly current: Current;
  readonly input: ExecutionInput;
  /** Where it starts; the whole workflow if there is none. */
  readonly entry?: { readonly state: string; readonly variables: Variables };
  /** The metrics of the run before, and its name. */
  readonly before?: PreviousModel;
}

interface RunEnd {
  readonly metrics?: PreviousModel["metrics"];
  /** The variables that each step would start with again, for the steps that the run came to. */
  readonly variables: ReadonlyMap<string, Variables>;
}

/** Deploys the workflow as it is now, and runs it; aborting the signal stops the execution. */
export async function run(local: Local, request: RunRequest, signal: AbortSignal): Promise<RunEnd> {
  const { aws } = local;
  const begun = new Date();
  const { machine, stateMachineArn } = await deploy(local, request);
  const arn = await startExecution(aws.sfn(), stateMachineArn, uniqueName(), request.input);
  const definition = JSON.parse(machine.definition) as StateMachineDefinition;
  const shown = new ShownRun(local, request, arn, definition, begun);
  try {
    const result = await watchExecution(aws.sfn(), arn, {
      timeoutSeconds: Number.POSITIVE_INFINITY,
      pollMilliseconds: 250,
      signal,
      onVisit: (visit) => shown.visit(visit),
      onLook: () => shown.showLog(),
    });
    await shown.end(result);
  } catch (error) {
    if (!signal.aborted) throw error;
    await aws.sfn().send(new StopExecutionCommand({ executionArn: arn, cause: "A file was saved" }));
  }
  return await shown.result();
}

async function deploy({ aws, workflow }: Local, { current, entry }: RunRequest) {
  const deployed = await redeploy(aws, current.props, workflow);
  if (entry === undefined) return { machine: deployed, stateMachineArn: workflow.stateMachineArn };
  const machine = enteredMachine(deployed, entry);
  const tags = resourceTags(current.props);
  return { machine, stateMachineArn: await putStateMachine(aws, machine, workflow.references, tags) };
}

/** What is shown of a run. */
class ShownRun {
  readonly #phases = new PhaseLines();
  #log: { readonly job: string; readonly reader: JobLog; readonly lines: string[] } | undefined;
  #metrics: PreviousModel["metrics"] | undefined;
  #jobSeconds = 0;

  constructor(
    private readonly local: Local,
    private readonly request: RunRequest,
    private readonly executionArn: string,
    private readonly definition: StateMachineDefinition,
    private readonly begun: Date,
  ) {}

  /** Shows what has ended, and the metrics as soon as they are known. */
  async visit(visit: StateVisit): Promise<void> {
    const { name, job, startedAt, endedAt } = visit;
    if (job !== undefined) this.#jobSeconds += secondsBetween(startedAt, endedAt);
    const kind = jobKindOf(name);
    if (kind !== undefined && job !== undefined && job !== this.#log?.job) {
      this.#log = { job, reader: new JobLog(this.local.aws, job, kind), lines: [] };
    }
    if (endedAt !== undefined && job !== undefined) await this.showLog();
    for (const line of this.#phases.add(visit)) print(`  ${line}`);
    if (endedAt !== undefined && name === "ModelEvaluation") await this.showMetrics();
  }

  /** Shows what the running job has written since the last time. */
  async showLog(): Promise<void> {
    const lines = (await this.#log?.reader.newLines()) ?? [];
    this.#log?.lines.push(...lines);
    for (const line of lines) print(`  │ ${line}`);
  }

  private async showMetrics(): Promise<void> {
    const evaluation = this.variablesAt(await this.events(), "CheckModelPerformance")?.evaluation;
    this.#metrics = (evaluation as Partial<ExecutionReport> | undefined)?.Metrics;
    if (this.#metrics === undefined) return;
    print(metricsText(this.#metrics, this.request.before));
    const seconds = secondsBetween(this.begun, new Date());
    print(`  Metrics after ${seconds.toFixed(1)} s, ${this.#jobSeconds.toFixed(1)} s of it in jobs`);
  }

  /** Shows how the execution ended, and tests the endpoint. */
  async end(result: ExecutionResult): Promise<void> {
    for (const line of this.#phases.finish(result.description.status === "SUCCEEDED")) print(`  ${line}`);
    if (result.description.status !== "SUCCEEDED") return await this.showFailure(result);
    const { EndpointName } = executionOutput(result);
    if (EndpointName === undefined) {
      print("  The version waits for approval, so no endpoint was tested");
      return;
    }
    try {
      const { testRun, props } = this.request.current;
      const predictions = await testEndpoint(this.local.aws, EndpointName, testRun.instances, props);
      const { startDate = new Date(0), stopDate } = result.description;
      const seconds = secondsBetween(startDate, stopDate).toFixed(1);
      print(`  In service after ${seconds} s; it predicts ${predictionsText(predictions)}`);
    } catch (error) {
      print(indented(userError(error)));
    }
  }

  private async showFailure({ description }: ExecutionResult): Promise<void> {
    const { props } = this.request.current;
    const failure = await readFailure(this.local.aws, description, props);
    if (failure.logOf === "endpoint") {
      print(indented(describeFailure(failure)));
      return;
    }
    // The lines of a job's log were shown as they came.
    const { state = "" } = failure;
    const kind = jobKindOf(state);
    const place = kind && placeInScript(this.#log?.lines ?? [], props, scriptsOfJobs[kind]);
    print(
      indented(place === undefined ? describeFailure({ ...failure, log: [] }) : `${state} failed: ${place}`),
    );
  }

  async result(): Promise<RunEnd> {
    const events = await this.events();
    const variables = new Map<string, Variables>();
    for (const { state } of this.request.current.snapshot.steps) {
      const found = this.variablesAt(events, state);
      if (found !== undefined) variables.set(state, found);
    }
    return { metrics: this.#metrics, variables };
  }

  private variablesAt(events: readonly HistoryEvent[], state: string): Variables | undefined {
    return variablesAt(events, this.definition, state, lastPreparation);
  }

  private events(): Promise<HistoryEvent[]> {
    return readHistory(this.local.aws.sfn(), this.executionArn);
  }
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}

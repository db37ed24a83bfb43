import { jobKindOf } from "../../workflow/job-kinds";
import type { Aws } from "../account/clients";
import { type StateVisit, secondsBetween } from "./history";
import { JobLog } from "./job-log";
import { tuningProgress } from "./tuning-progress";

const endpointWait = "waiting until the endpoint is in service";
const rollbackWait = "waiting until the version before is in service again";
const jobWait = "waiting before the next attempt of the job";
const capacityWait = "waiting for capacity";
const callWait = "waiting before the next call of SageMaker";

/** What states wait for, and those that look whether it has come. */
export const waits: Readonly<Record<string, string>> = {
  WaitBeforeProcessing: jobWait,
  WaitBeforeTraining: jobWait,
  WaitBeforeTuning: jobWait,
  WaitBeforeComparison: jobWait,
  WaitBeforeMonitor: jobWait,
  WaitForProcessingCapacity: capacityWait,
  WaitForTrainingCapacity: capacityWait,
  WaitForTuningCapacity: capacityWait,
  WaitForComparisonCapacity: capacityWait,
  WaitForMonitorCapacity: capacityWait,
  WaitForChampion: callWait,
  WaitForPackage: callWait,
  WaitForModel: callWait,
  WaitForConfig: callWait,
  WaitForOtherDeployment: "waiting until another update of the endpoint has ended",
  WaitForEndpoint: endpointWait,
  CheckEndpoint: endpointWait,
  WaitForRollback: rollbackWait,
  CheckRollback: rollbackWait,
};

/** What an execution does at the moment: its state or job, for how long, and the last line of the job's log. */
export class LiveProgress {
  #running: StateVisit | undefined;
  /** Reads what the job has done since the last time. */
  #read: (() => Promise<readonly string[]>) | undefined;
  #lastLine = "";
  /** What is waited for, and since when: each look for it is a visit of its own. */
  #wait: { readonly text: string; readonly since: Date } | undefined;

  /** What the state before a wait for capacity says of it. */
  #waitsFor: string | undefined;

  constructor(private readonly aws: Aws) {}

  /** Takes the state that has begun or ended last. */
  watch(visit: StateVisit): void {
    if (visit.job !== undefined && visit.job !== this.#running?.job) {
      this.#read = this.#readerOf(visit.name, visit.job);
      this.#lastLine = "";
    }
    this.#running = visit;
    this.#waitsFor = visit.waitsFor ?? this.#waitsFor;
    const known = waits[visit.name];
    const text = known === capacityWait ? (this.#waitsFor ?? known) : known;
    // States without a call, which decide, belong to the wait.
    if (text === undefined && visit.type === "Choice") return;
    if (text !== this.#wait?.text)
      this.#wait = text === undefined ? undefined : { text, since: visit.startedAt };
  }

  /** Returns it in one line; undefined before the first state. */
  async line(now = new Date()): Promise<string | undefined> {
    const running = this.#running;
    if (running === undefined) return undefined;
    const { name, visit, job, startedAt, endedAt } = running;
    if (this.#wait !== undefined) {
      return `${this.#wait.text}, ${Math.round(secondsBetween(this.#wait.since, now))} s`;
    }
    const log = job === undefined || endedAt !== undefined ? "" : await this.#readLog();
    const times = visit > 1 ? `, time ${visit}` : "";
    const seconds = Math.round(secondsBetween(startedAt, endedAt ?? now));
    return `${job ?? name}${times}, ${seconds} s${log === "" ? "" : ` │ ${log}`}`;
  }

  /** A tuning job has no log of its own: how far it is takes the log's place. */
  #readerOf(state: string, job: string): (() => Promise<readonly string[]>) | undefined {
    const kind = jobKindOf(state);
    if (kind === undefined) return undefined;
    if (kind === "tune") return async () => [await tuningProgress(this.aws, job)];
    const log = new JobLog(this.aws, job, kind);
    return () => log.newLines();
  }

  /** A log that cannot be read is no reason to end: it is shown for information only. */
  async #readLog(): Promise<string> {
    const lines = (await this.#read?.().catch(() => [])) ?? [];
    this.#lastLine = lines.findLast((line) => line.trim() !== "")?.trim() ?? this.#lastLine;
    return this.#lastLine;
  }
}

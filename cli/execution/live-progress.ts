import { jobKindOf } from "../../workflow/job-kinds";
import type { Aws } from "../account/clients";
import { type StateVisit, secondsBetween } from "./history";
import { JobLog } from "./job-log";

/** What an execution does at the moment: its state or job, for how long, and the last line of the job's log. */
export class LiveProgress {
  #running: StateVisit | undefined;
  #log: JobLog | undefined;
  #lastLine = "";

  constructor(private readonly aws: Aws) {}

  /** Takes the state that has begun or ended last. */
  watch(visit: StateVisit): void {
    if (visit.job !== undefined && visit.job !== this.#running?.job) {
      const kind = jobKindOf(visit.name);
      this.#log = kind && new JobLog(this.aws, visit.job, kind);
      this.#lastLine = "";
    }
    this.#running = visit;
  }

  /** Returns it in one line; undefined before the first state. */
  async line(now = new Date()): Promise<string | undefined> {
    const running = this.#running;
    if (running === undefined) return undefined;
    const { name, visit, job, startedAt, endedAt } = running;
    const log = job === undefined || endedAt !== undefined ? "" : await this.#readLog();
    const times = visit > 1 ? `, time ${visit}` : "";
    const seconds = Math.round(secondsBetween(startedAt, endedAt ?? now));
    return `${job ?? name}${times}, ${seconds} s${log === "" ? "" : ` │ ${log}`}`;
  }

  /** A log that cannot be read is no reason to end: it is shown for information only. */
  async #readLog(): Promise<string> {
    const lines = (await this.#log?.newLines().catch(() => [])) ?? [];
    this.#lastLine = lines.findLast((line) => line.trim() !== "")?.trim() ?? this.#lastLine;
    return this.#lastLine;
  }
}

import type { WorkflowProps } from "../../workflow/props";
import { type DrillCase, type DrilledMachine, drilledMachine, faultCases, scenarioCases } from "./cases";
import { Coverage, coverageProblems, type DrivenPart, drivenKeys } from "./coverage";
import { drilledDefinitions } from "./definitions";
import { EmulatedDrill } from "./emulated-drill";
import { caseName, problemsOf } from "./judgement";
import type { DrillResult } from "./run";
import type { Scenario } from "./scenarios";

/** What a drill has found. */
export interface DrillReport {
  readonly definitions: number;
  readonly executions: number;
  readonly faults: number;
  readonly parts: readonly DrivenPart[];
  readonly problems: readonly string[];
}

interface DrillOptions {
  /** Called with what is done, after each execution. */
  readonly onProgress?: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Drills every variant of a workflow, in an emulator of its own. */
export async function drillWorkflow(props: WorkflowProps, options: DrillOptions): Promise<DrillReport> {
  const machines = drilledDefinitions(props).map(drilledMachine);
  const cloud = await EmulatedDrill.start(machines);
  try {
    return await new Campaign(machines, cloud, options).run();
  } finally {
    await cloud.stop();
  }
}

/** The executions of one drill. */
class Campaign {
  readonly #coverage = new Coverage();
  readonly #results: DrillResult[] = [];

  constructor(
    private readonly machines: readonly DrilledMachine[],
    private readonly cloud: EmulatedDrill,
    private readonly options: DrillOptions,
  ) {}

  async run(): Promise<DrillReport> {
    for (const machine of this.machines) await this.#runScenarios(machine);
    const cases = faultCases(this.machines, (machine, state) => this.#wayTo(machine, state));
    await this.#runCases(cases);
    const parts = this.#coverage.of(this.machines);
    return {
      definitions: this.machines.length,
      executions: this.#results.length,
      faults: cases.length,
      parts,
      problems: [...this.#results.flatMap(problemsOf), ...coverageProblems(parts)],
    };
  }

  /** The usual one first, and then those that drive something new. */
  async #runScenarios(machine: DrilledMachine): Promise<void> {
    const [usual, ...others] = scenarioCases([machine]) as [DrillCase, ...DrillCase[]];
    await this.#runCases([usual]);
    await this.#runCases(others.filter((one) => this.#isNew(one)));
  }

  /** Whether a scenario may drive a part that nothing has driven: all that it drove elsewhere are driven here, too. */
  #isNew({ machine, scenario }: DrillCase): boolean {
    const earlier = this.#results.filter((result) => result.case.scenario === scenario);
    if (earlier.length === 0) return true;
    const keys = new Map(machine.marked.parts.map(({ name, key }) => [name, key]));
    return earlier.every((result) => {
      const driven = new Set(drivenKeys(result));
      return result.case.machine.marked.parts
        .filter(({ key }) => driven.has(key))
        .some(({ name }) => keys.has(name) && !this.#coverage.has(keys.get(name) as string));
    });
  }

  async #runCases(cases: readonly DrillCase[]): Promise<void> {
    const results = await this.cloud.run(cases, (result) => this.#note(result), this.options.signal);
    for (const result of results) this.#coverage.add(result, caseName(result.case));
    this.#results.push(...results);
  }

  #ended = 0;

  #note(result: DrillResult): void {
    this.#ended += 1;
    this.options.onProgress?.(`${this.#ended} executions, ${caseName(result.case)}`);
  }

  /** The first scenario that visits a state. */
  #wayTo(machine: DrilledMachine, state: string): Scenario | undefined {
    return this.#results.find(
      ({ case: one, visits }) => one.machine === machine && visits.some((visit) => visit.state === state),
    )?.case.scenario;
  }
}

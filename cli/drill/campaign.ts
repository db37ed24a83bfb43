import type { WorkflowProps } from "../../workflow/props";
import type { Executions } from "../execution/named-execution";
import {
  type DrillCase,
  type DrilledMachine,
  drilledMachine,
  faultCases,
  scenarioCases,
  taskNames,
  usualCase,
} from "./cases";
import { Coverage, coverageProblems, type DrivenPart, drivenKeys } from "./coverage";
import { drilledDefinitions } from "./definitions";
import { EmulatedDrill } from "./emulated-drill";
import { caseName, problemsOf } from "./judgement";
import { redrivenCase, redrivenTasks, redriveProblems, runRedriven } from "./redrives";
import { type DrillResult, runCase } from "./run";
import { runWay, wayCases, wayProblems } from "./ways-on";

/** What a drill has found. */
export interface DrillReport {
  readonly definitions: number;
  readonly executions: number;
  readonly faults: number;
  /** Tasks of all definitions that failed, and went on after a redrive. */
  readonly redriven: number;
  /** Tasks whose failure was gone on after as the command says. */
  readonly resumed: number;
  readonly parts: readonly DrivenPart[];
  readonly problems: readonly string[];
}

interface DrillOptions {
  /** Called with what is done, after each execution. */
  readonly onProgress?: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Drills every variant of a workflow. */
export async function drillWorkflow(props: WorkflowProps, options: DrillOptions): Promise<DrillReport> {
  return await drillMachines(drilledDefinitions(props).map(drilledMachine), options);
}

/** Drills definitions, in an emulator of its own. */
export async function drillMachines(
  machines: readonly DrilledMachine[],
  options: DrillOptions,
): Promise<DrillReport> {
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
    const cases = faultCases(this.machines, (machine, state) => this.#wayTo(machine, state)?.case.scenario);
    await this.#runCases(cases);
    const redriven = await this.#runRedriven();
    const ways = await this.#run(wayCases(cases, this.machines.map(usualCase)), runWay);
    const parts = this.#coverage.of(this.machines);
    return {
      definitions: this.machines.length,
      executions: this.#ended,
      faults: cases.length,
      redriven: redriven.tasks,
      resumed: ways.length,
      parts,
      problems: [
        ...this.#results.flatMap(problemsOf),
        ...coverageProblems(parts),
        ...redriven.problems,
        ...ways.flatMap(wayProblems),
      ],
    };
  }

  /** Redrives every task of every definition, in the scenarios that visit them. */
  async #runRedriven(): Promise<{ tasks: number; problems: string[] }> {
    await this.#visitEveryTask();
    const redrives = this.machines.flatMap((machine) => {
      const ways = taskNames(machine).map((state) => ({ state, result: this.#wayTo(machine, state) }));
      return [...new Set(ways.map(({ result }) => result))].flatMap((result) => {
        const failing = ways.filter((way) => way.result === result).map(({ state }) => state);
        return result === undefined ? [] : [{ result, one: redrivenCase(result, failing) }];
      });
    });
    const results = await this.#run(
      redrives.map(({ one }) => one),
      runRedriven,
    );
    const redriven = new Set(
      results.flatMap((result) =>
        redrivenTasks(result).map((state) => `${result.case.machine.name}: ${state}`),
      ),
    );
    const tasks = this.machines.flatMap((machine) =>
      taskNames(machine).map((state) => `${machine.name}: ${state}`),
    );
    return {
      tasks: redriven.size,
      problems: [
        ...results.flatMap((result, index) =>
          redriveProblems(result, redrives[index]?.result as DrillResult),
        ),
        ...tasks
          .filter((task) => !redriven.has(task))
          .map((task) => `${task} was not redriven: add a scenario that visits it`),
      ],
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

  /** Runs more scenarios of definitions that have tasks which were visited in other definitions only. */
  async #visitEveryTask(): Promise<void> {
    for (;;) {
      const more = this.machines.flatMap((machine) => this.#scenarioOfMissing(machine) ?? []);
      if (more.length === 0) return;
      await this.#runCases(more);
    }
  }

  /** A scenario that has not run, and visits elsewhere a task that nothing has visited in this definition. */
  #scenarioOfMissing(machine: DrilledMachine): DrillCase | undefined {
    const missing = new Set(taskNames(machine).filter((state) => this.#wayTo(machine, state) === undefined));
    const ran = this.#results.filter(({ case: one }) => one.injection === undefined);
    return scenarioCases([machine]).find(({ scenario }) => {
      const same = ran.filter((result) => result.case.scenario === scenario);
      return (
        !same.some((result) => result.case.machine === machine) &&
        same.some(({ visits }) => visits.some(({ state }) => missing.has(state)))
      );
    });
  }

  async #runCases(cases: readonly DrillCase[]): Promise<void> {
    const results = await this.#run(cases, runCase);
    for (const result of results) this.#coverage.add(result, caseName(result.case));
    this.#results.push(...results);
  }

  async #run<One extends DrillCase, Result>(
    cases: readonly One[],
    run: (executions: Executions, one: One) => Promise<Result>,
  ): Promise<Result[]> {
    const noted = async (executions: Executions, one: One) => {
      const result = await run(executions, one);
      this.#ended += 1;
      this.options.onProgress?.(`${this.#ended} executions, ${caseName(one)}`);
      return result;
    };
    return await this.cloud.run(cases, noted, this.options.signal);
  }

  #ended = 0;

  /** The first execution without faults that visits a state. */
  #wayTo(machine: DrilledMachine, state: string): DrillResult | undefined {
    return this.#results.find(
      ({ case: one, visits }) =>
        one.injection === undefined &&
        one.machine === machine &&
        visits.some((visit) => visit.state === state),
    );
  }
}

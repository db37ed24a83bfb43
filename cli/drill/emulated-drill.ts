import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { CreateStateMachineCommand } from "@aws-sdk/client-sfn";
import { Aws } from "../account/clients";
import { EmulatorProcess } from "../emulator/process";
import { prepareEnvironments } from "../emulator/python";
import { createRole } from "../emulator/resources";
import type { Executions } from "../execution/named-execution";
import type { DrillCase, DrilledMachine } from "./cases";
import { mockFile } from "./mock-file";
import { runSeveral } from "./run";

/** Waits last a millionth of their time. */
const timeScale = 1e-6;

/** An emulator uses one core, and this process about as much as another. */
const mostEmulators = 2;

/** Emulators of a drill's own, in which every call is answered; each runs its share of the cases. */
export class EmulatedDrill {
  private constructor(private readonly emulators: readonly AnsweringEmulator[]) {}

  static async start(machines: readonly DrilledMachine[]): Promise<EmulatedDrill> {
    const { emulator } = await prepareEnvironments(["emulator"]);
    const count = Math.min(mostEmulators, availableParallelism());
    const started = await Promise.allSettled(
      Array.from({ length: count }, () => AnsweringEmulator.start(emulator?.python as string, machines)),
    );
    const drill = new EmulatedDrill(
      started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])),
    );
    const failed = started.find((one) => one.status === "rejected");
    if (failed === undefined) return drill;
    await drill.stop();
    throw failed.reason;
  }

  /**
   * Runs cases, each as `run` does, and returns their results in the order of the cases.
   *
   * @param run called with the state machine of the case
   */
  async run<One extends DrillCase, Result>(
    cases: readonly One[],
    run: (executions: Executions, one: One) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result[]> {
    const count = this.emulators.length;
    const shares = await Promise.all(
      this.emulators.map((emulator, place) =>
        emulator.run(
          cases.filter((_, index) => index % count === place),
          run,
          signal,
        ),
      ),
    );
    return cases.map((_, index) => shares[index % count]?.[Math.floor(index / count)] as Result);
  }

  async stop(): Promise<void> {
    await Promise.all(this.emulators.map((emulator) => emulator.stop()));
  }
}

/** An emulator that answers every call from a file. */
class AnsweringEmulator {
  readonly #arns = new Map<string, string>();

  private constructor(
    private readonly emulator: EmulatorProcess,
    private readonly aws: Aws,
    private readonly folder: string,
  ) {}

  static async start(python: string, machines: readonly DrilledMachine[]): Promise<AnsweringEmulator> {
    const folder = mkdtempSync(join(tmpdir(), "drill-"));
    writeMocks(folder, []);
    const process = await EmulatorProcess.start(python, { timeScale, mocks: mocksIn(folder) });
    const emulator = new AnsweringEmulator(process, new Aws(process.connection), folder);
    try {
      for (const machine of machines) await emulator.#create(machine);
    } catch (error) {
      await emulator.stop();
      throw error;
    }
    return emulator;
  }

  async #create({ name, marked, policyStatements }: DrilledMachine): Promise<void> {
    const description = "Role of a drilled state machine";
    const role = { namePrefix: "drill-", description, service: "states.amazonaws.com", policyStatements };
    const roleArn = await createRole(this.aws, role, this.emulator.address.account, {});
    const definition = JSON.stringify(marked.definition);
    const { stateMachineArn } = await this.aws
      .sfn()
      .send(new CreateStateMachineCommand({ name, definition, roleArn }));
    this.#arns.set(name, stateMachineArn as string);
  }

  /** Runs cases; the emulator reads their answers when it starts the first of them. */
  async run<One extends DrillCase, Result>(
    cases: readonly One[],
    run: (executions: Executions, one: One) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result[]> {
    writeMocks(this.folder, cases);
    const stateMachineArn = ({ machine }: One) => this.#arns.get(machine.name) as string;
    const runOne = (one: One) => run({ aws: this.aws, stateMachineArn: stateMachineArn(one) }, one);
    return await runSeveral(cases, runOne, signal);
  }

  async stop(): Promise<void> {
    await this.emulator.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function mocksIn(folder: string): string {
  return join(folder, "mocks.json");
}

function writeMocks(folder: string, cases: readonly DrillCase[]): void {
  writeFileSync(mocksIn(folder), JSON.stringify(mockFile(cases)));
}

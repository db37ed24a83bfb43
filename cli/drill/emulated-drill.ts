import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
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

/** An emulator of its own, in which every call is answered. */
export class EmulatedDrill {
  readonly #arns = new Map<string, string>();

  private constructor(
    private readonly emulator: EmulatorProcess,
    private readonly aws: Aws,
    private readonly folder: string,
  ) {}

  static async start(machines: readonly DrilledMachine[]): Promise<EmulatedDrill> {
    const folder = mkdtempSync(join(tmpdir(), "drill-"));
    writeMocks(folder, []);
    const { emulator } = await prepareEnvironments(["emulator"]);
    const process = await EmulatorProcess.start(emulator?.python as string, {
      timeScale,
      mocks: mocksIn(folder),
    });
    const drill = new EmulatedDrill(process, new Aws(process.connection), folder);
    try {
      for (const machine of machines) await drill.#create(machine);
    } catch (error) {
      await drill.stop();
      throw error;
    }
    return drill;
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

  /**
   * Runs cases, each as `run` does; the emulator reads their answers when it starts the first of them.
   *
   * @param run called with the state machine of the case
   */
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

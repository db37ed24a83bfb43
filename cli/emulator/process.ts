import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import {
  connectionTo,
  type EmulatorAddress,
  type EmulatorConnection,
  forgetAddress,
  readySchema,
  runningEmulators,
  writeAddress,
} from "../account/emulator-address";
import { projectRoot } from "../paths";
import { CliError, FailedError } from "../terminal/errors";

export interface EmulatorOptions {
  /** @default - a free port */
  readonly port?: number;
  /** Factor for the waits that `timeScaleText` lists: with 0.1, ten seconds become one. */
  readonly timeScale?: number;
  /** File with faults to inject; docs/emulator.md describes it. */
  readonly faults?: string;
  /** File with answers of tasks, in the format of Step Functions Local; read again when it changes. */
  readonly mocks?: string;
  /** Answer operations that do not run from moto's bare records. */
  readonly allowRecords?: boolean;
  /** Accept any access key, and unsigned requests: any program on this machine may call. */
  readonly anyKey?: boolean;
}

/** The emulator as a child process; it ends when this process does, for whatever reason. */
export class EmulatorProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly address: EmulatorAddress,
  ) {}

  /** How to call the services. */
  get connection(): EmulatorConnection {
    return connectionTo(this.address);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null;
  }

  /** Settles when the emulator has ended. */
  get ended(): Promise<number | null> {
    return new Promise((settle) => {
      if (this.child.exitCode !== null) settle(this.child.exitCode);
      else this.child.on("exit", settle);
    });
  }

  /**
   * Starts the emulator and waits until it is ready.
   *
   * @param python the interpreter of the Python environment `emulator`
   * @param onLine called with each line that the emulator logs
   * @throws CliError if it does not start, with its last lines
   */
  static async start(
    python: string,
    options: EmulatorOptions = {},
    onLine: (line: string) => void = () => {},
  ): Promise<EmulatorProcess> {
    const flags = ["--state-dir", resolve(projectRoot, ".emulator"), "--exit-with-stdin"];
    if (options.port !== undefined) flags.push("--port", String(options.port));
    if (options.timeScale !== undefined) flags.push("--time-scale", String(options.timeScale));
    if (options.faults !== undefined) flags.push("--faults", options.faults);
    if (options.mocks !== undefined) flags.push("--mocks", options.mocks);
    if (options.allowRecords) flags.push("--allow-records");
    if (options.anyKey === true) flags.push("--any-key");
    const child = spawn(python, ["-m", "emulator", ...flags], {
      cwd: projectRoot,
      env: { ...emulatorEnvironment(), PYTHONPATH: resolve(projectRoot, "python"), PYTHONUNBUFFERED: "1" },
      // The emulator ends when its standard input closes, which happens when this process ends.
      stdio: ["pipe", "pipe", "pipe"],
      // On Ctrl-C this process stops the emulator, after everything that uses it.
      detached: true,
    });
    const lines: string[] = [];
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on("line", (line) => {
      onLine(line);
      lines.push(line);
      if (lines.length > 200) lines.shift();
    });
    const ready = await new Promise<string | undefined>((settle) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", settle);
      child.once("close", () => settle(undefined));
    });
    if (ready === undefined) {
      const reason = lines.slice(-5).join("\n") || "it printed nothing";
      const { exitCode } = child;
      throw exitCode === 2
        ? new CliError(reason, 2)
        : new FailedError(`The emulator did not start: ${reason}`);
    }
    const address = readySchema.parse(JSON.parse(ready));
    writeAddress(address);
    return new EmulatorProcess(child, address);
  }

  /** Stops the emulator and everything that runs in it. */
  async stop(): Promise<void> {
    forgetAddress(this.address);
    this.child.stdin?.end();
    await this.ended;
  }
}

/**
 * Environment variables that the emulator inherits. Any job can read them, so they exclude the developer's keys and
 * tokens. Jobs need proxies and package indexes to install their requirements.
 */
const inherited =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|TZ|LANG|LC_\w+|LD_LIBRARY_PATH|DYLD_\w+|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|PIP_\w+|XDG_\w+)$/i;

export function emulatorEnvironment(variables: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => inherited.test(name)));
}

/** Says that `local` means another emulator; undefined if it means this one. */
export function olderEmulatorText(
  { pid }: EmulatorAddress,
  running: readonly EmulatorAddress[] = runningEmulators(),
): string | undefined {
  const [oldest] = running;
  if (oldest === undefined || oldest.pid === pid) return undefined;
  return `Another emulator is up at ${oldest.endpoint}: commands with \`local\` use that one until it stops. Export the variables above to use this one.`;
}

/** Describes what the emulator's time scale shortens; docs/emulator.md has the details. */
export function timeScaleText(timeScale: number): string {
  if (timeScale === 1) return "time scale 1";
  return `time scale ${timeScale} for waits, retry intervals, rate() schedules, alarm periods and deployment waits`;
}

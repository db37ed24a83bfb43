import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(__dirname, "../..");

/** The copy's `config.ts`: the one that all tests run with. */
const testConfig = process.env.WORKFLOW_CONFIG as string;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A copy of the project that a test may edit, with commands that talk to the test's emulator. */
export class ProjectCopy {
  readonly folder = mkdtempSync(join(tmpdir(), "project-"));

  /** @param variables what the commands get in their environment */
  constructor(public variables: Readonly<Record<string, string>>) {
    const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
      cwd: root,
      encoding: "utf8",
    });
    for (const file of files.split("\n")) {
      if (file === "" || /^(__tests__|docs|python\/tests)\//.test(file)) continue;
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      copyFileSync(join(root, file), join(this.folder, file));
    }
    this.write(
      "config.ts",
      readFileSync(join(root, testConfig), "utf8").replace("../configuration", "./configuration"),
    );
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
  }

  /** Changes one file, where `from` stands in it first. */
  edit(file: string, from: string, to: string): void {
    const path = join(this.folder, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(from)) throw new Error(`"${from}" does not stand in ${file}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }

  /** Writes a file and returns its path. */
  write(file: string, text: string): string {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Runs one of our commands as `npm run` would. */
  async run(...args: string[]): Promise<Ended> {
    return await this.start(args).ended;
  }

  /** Runs Python as `npm run python` would. */
  async python(...args: string[]): Promise<Ended> {
    return await this.#spawn(["cli/python-tool.ts", ...args], {}).ended;
  }

  /** Starts one of our commands, with more variables. */
  start(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    return this.#spawn(["cli/main.ts", ...args], variables);
  }

  #spawn(
    args: readonly string[],
    variables: Readonly<Record<string, string>>,
  ): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
    const child = spawn("node", ["--import", "tsx", ...args], {
      cwd: this.folder,
      env: { ...process.env, WORKFLOW_CONFIG: "", ...this.variables, NO_COLOR: "1", ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise<Ended>((settle) =>
      child.on("close", (code) => settle({ code, stdout, stderr })),
    );
    return { child, ended };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

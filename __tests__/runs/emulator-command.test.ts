/** `npm run emulator` as a person types it: who may call, and what bare records answer. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { ListNotebookInstancesCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { until } from "../patience";

const own = { accessKeyId: "123456789012", secretAccessKey: "test" };
const notebooks = new ListNotebookInstancesCommand();

class TypedEmulator {
  readonly #command: ChildProcess;
  readonly #ended: Promise<unknown>;
  printed = "";
  told = "";

  constructor(...flags: string[]) {
    const args = ["run", "--silent", "emulator", "--", "--time-scale", "0.5", ...flags];
    // A group of its own, as a terminal gives it: Ctrl-C reaches npm and what it runs.
    this.#command = spawn("npm", args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
    this.#ended = once(this.#command, "close");
    this.#command.stdout?.on("data", (chunk) => {
      this.printed += chunk;
    });
    this.#command.stderr?.on("data", (chunk) => {
      this.told += chunk;
    });
  }

  /** The variables that it prints. */
  async variables(): Promise<Record<string, string>> {
    await until(
      () => this.printed.includes("export NO_PROXY=") && this.told.includes("default_bucket"),
      () => this.told,
    );
    return Object.fromEntries([...this.printed.matchAll(/^export (\w+)=(.*)$/gm)].map(([, k, v]) => [k, v]));
  }

  async interrupt(): Promise<unknown> {
    process.kill(-(this.#command.pid as number), "SIGINT");
    return this.#ended;
  }

  async sageMaker(credentials?: { accessKeyId: string; secretAccessKey: string }): Promise<SageMakerClient> {
    const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "" } = await this.variables();
    const printed = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
    return new SageMakerClient({
      endpoint: AWS_ENDPOINT_URL,
      region: "us-east-1",
      credentials: credentials ?? printed,
      maxAttempts: 1,
    });
  }

  /** The status of an unsigned request to S3, which lists its buckets. */
  async unsigned(headers: Record<string, string> = {}): Promise<[number | undefined, string]> {
    const { AWS_ENDPOINT_URL = "" } = await this.variables();
    const [answer] = (await once(request(AWS_ENDPOINT_URL, { headers, agent: false }).end(), "response")) as [
      IncomingMessage,
    ];
    return [answer.statusCode, await text(answer)];
  }
}

describe("as it is", () => {
  let emulator: TypedEmulator;

  beforeAll(() => {
    emulator = new TypedEmulator();
  });
  afterAll(() => emulator.interrupt());

  it("takes its own key alone, and names the flag that takes others", async () => {
    const [status, answer] = await emulator.unsigned();
    expect([status, answer]).toEqual([403, expect.stringContaining("start it with --any-key")]);
    const stranger = await emulator.sageMaker(own);
    await expect(stranger.send(notebooks)).rejects.toThrow(/is not one of this emulator.*--any-key/);
    expect(emulator.told).toContain("The key is new at each start");
  });

  it("refuses what it does not run, and names the flag that lets records answer", async () => {
    const sageMaker = await emulator.sageMaker();
    await expect(sageMaker.send(notebooks)).rejects.toThrow(
      /sagemaker:ListNotebookInstances .*--allow-records/,
    );
  });
});

describe("with --any-key and --allow-records", () => {
  let emulator: TypedEmulator;
  let ended: Promise<unknown> | undefined;

  beforeAll(() => {
    emulator = new TypedEmulator("--any-key", "--allow-records");
  });
  afterAll(() => ended ?? emulator.interrupt());

  it("takes any key and none, and says what that means; pages stay out", async () => {
    expect((await emulator.unsigned())[0]).toBe(200);
    expect((await emulator.unsigned({ Origin: "http://evil.example" }))[0]).toBe(403);
    expect(emulator.told).toContain(
      "It accepts any key: anyone who can reach the port can run commands as you.",
    );
  });

  it("lets a record answer, and tells once of it", async () => {
    const sageMaker = await emulator.sageMaker(own);
    for (const _ of [1, 2]) expect((await sageMaker.send(notebooks)).NotebookInstances).toEqual([]);
    await until(() => emulator.told.includes("sagemaker:ListNotebookInstances"));
    expect(emulator.told.split("sagemaker:ListNotebookInstances")).toHaveLength(2);
  });

  it("ends on Ctrl-C with everything that it started", async () => {
    ended = emulator.interrupt();
    await ended;
    // npm passes on a signal that the command has had from the terminal: it must not end at the second one.
    expect(emulator.told).toContain("Stopped: the emulator and everything that ran in it have ended");
    const refused = (error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED";
    await until(() => emulator.unsigned().then(() => false, refused));
  });
});

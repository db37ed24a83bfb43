import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { stackFolder } from "../../cli/terraform/folders";
import { installProviders } from "./available";

/** Otherwise it writes down everything that it does. */
const quiet = { TF_LOG_SDK: "off", TF_LOG_PROVIDER_AWS: "off" };

/** A provider that is configured again takes no certificates, and the emulator has none. */
const withoutCertificates = { AWS_CA_BUNDLE: "" };

/**
 * Terraform's AWS provider as one process for every command of a test.
 *
 * Otherwise each command starts it several times, and takes the checksum of its 700 MB first.
 * https://developer.hashicorp.com/terraform/plugin/debugging#running-terraform-with-a-provider-in-debug-mode
 */
export class AwsProvider {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    /** With these Terraform finds it; without them it installs and starts its own. */
    readonly variables: Readonly<Record<string, string>>,
  ) {}

  /** Starts it for the stacks of a project, with the endpoint and the credentials in `variables`. */
  static async start(project: string, variables: Readonly<Record<string, string>>): Promise<AwsProvider> {
    const folder = mkdtempSync(join(tmpdir(), "aws-provider-"));
    installProviders(folder);
    const cwd = join(project, stackFolder("local", "local-pipeline"));
    mkdirSync(cwd, { recursive: true });
    const child = spawn(binaryIn(folder), ["-debug"], {
      cwd,
      env: { ...process.env, ...variables, ...quiet, ...withoutCertificates },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const TF_REATTACH_PROVIDERS = await new Promise<string>((found, fail) => {
      child.on("error", fail);
      child.on("exit", (code) => fail(new Error(`Terraform's AWS provider ended with ${code}`)));
      createInterface({ input: child.stdout as Readable }).on("line", (line) => {
        const [, value] = /TF_REATTACH_PROVIDERS='(.*)'/.exec(line) ?? [];
        if (value !== undefined) found(value);
      });
    });
    return new AwsProvider(child, folder, { TF_REATTACH_PROVIDERS });
  }

  async stop(): Promise<void> {
    const ended = new Promise((settle) => this.process.once("exit", settle));
    this.process.kill();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The provider's program, as `terraform init` has installed it. */
function binaryIn(folder: string): string {
  const installed = join(folder, ".terraform/providers/registry.terraform.io/hashicorp/aws");
  const [version = ""] = readdirSync(installed);
  const [platform = ""] = readdirSync(join(installed, version));
  const files = readdirSync(join(installed, version, platform));
  const program = files.find((file) => file.startsWith("terraform-provider-aws"));
  return join(installed, version, platform, program ?? "");
}

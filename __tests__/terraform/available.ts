import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { providerVersions } from "../../constructs/provider-versions";
import { patience } from "../patience";

/**
 * Whether Terraform runs here and can install its providers.
 *
 * Where it cannot, tests that need it are skipped, and say so; with `WORKFLOW_TEST_TERRAFORM=required`, as in CI, that
 * is a failure.
 */
export function terraformIsAvailable(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "providers-"));
  try {
    installProviders(folder);
    return true;
  } catch (error) {
    const reason = (error as { stderr?: Buffer }).stderr?.toString().trim() || (error as Error).message;
    if (process.env.WORKFLOW_TEST_TERRAFORM === "required") {
      throw new Error(`Terraform is required here, and does not work: ${reason}`, { cause: error });
    }
    process.stderr.write(
      `\n*** SKIPPED: the tests with real Terraform. It is not installed, or cannot install its providers:\n${reason}\n\n`,
    );
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lets Terraform install the providers of the stacks into a folder. */
export function installProviders(folder: string): void {
  const required_providers = {
    aws: { source: "hashicorp/aws", version: providerVersions.aws },
    archive: { source: "hashicorp/archive", version: providerVersions.archive },
  };
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ terraform: { required_providers } }));
  execFileSync(process.env.TERRAFORM_BINARY_NAME ?? "terraform", ["init", "-input=false", "-no-color"], {
    cwd: folder,
    env: { ...process.env, CHECKPOINT_DISABLE: "1" },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 300_000 * patience,
  });
}

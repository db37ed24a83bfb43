import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Environment, environmentConfig } from "../../../cli/account/environment";
import { requireSameBackend } from "../../../cli/deploy/same-backend";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "backend-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const config = environmentConfig("dev");
const dev = { name: "dev", config } as Environment;

/** Leaves in a stack's folder what `terraform init` does. */
function initialize(stack: string, backend: object): void {
  const folder = join(root, "cdktf.out/dev/stacks", stack, ".terraform");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "terraform.tfstate"), JSON.stringify({ version: 3, backend }));
}

const bucket = config.stateBucket;

it("takes an environment that was never deployed from here, or with the same backend, or with its state in a file", () => {
  expect(() => requireSameBackend(dev, root)).not.toThrow();
  initialize("dev-pipeline", { type: "s3", config: { bucket, region: "us-east-1" } });
  initialize("dev-test-run", { type: "local", config: { path: "terraform.tfstate" } });
  expect(() => requireSameBackend(dev, root)).not.toThrow();
});

it.each([
  ["region", { bucket, region: "eu-west-1" }, "was last deployed to eu-west-1, but its region in"],
  [
    "state bucket",
    { bucket: "before", region: "us-east-1" },
    "is in the bucket before, but its stateBucket in",
  ],
])("refuses another %s before Terraform does", (_, before, message) => {
  initialize("dev-test-run", { type: "s3", config: before });
  expect(() => requireSameBackend(dev, root)).toThrow(message);
});

import { join } from "node:path";
import { TerraformStack, Testing } from "cdktf";
import { fromStackFolder } from "../../constructs/stack-folder";

it("a path is relative to the folder that Terraform runs in", () => {
  const app = Testing.app();
  const path = fromStackFolder(new TerraformStack(app, "one"), "python/scripts");
  expect(path).toMatch(/^\.\.\//);
  expect(join(app.outdir, "stacks", "one", path)).toBe(join(process.cwd(), "python/scripts"));
});

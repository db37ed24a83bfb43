import { rmSync } from "node:fs";

export default function removeTemporaryFolder(): void {
  const folder = process.env.WORKFLOW_TEST_TMPDIR;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

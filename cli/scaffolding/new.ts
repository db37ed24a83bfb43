import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkNameScope } from "../../workflow/names";
import { projectRoot } from "../paths";
import { UsageError } from "../terminal/errors";
import { print } from "../terminal/print";
import { type WorkflowKind, workflowFiles } from "./workflow-files";

interface NewOptions {
  readonly kind: WorkflowKind;
  /** Whether `config.ts` stays as it is. */
  readonly keepConfig: boolean;
}

/** Writes a workflow of one's own: configuration, scripts, example data and a test, and makes it the project's. */
export async function newWorkflow(
  name: string,
  { kind, keepConfig }: NewOptions,
  root = projectRoot,
): Promise<void> {
  try {
    checkNameScope({ prefix: name, environment: "local" });
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/^prefix/, "The name"), { cause: error });
  }
  const folder = join(root, name);
  if (existsSync(folder)) {
    throw new UsageError(`${name}/ already exists: choose another name, or remove the folder`);
  }
  writeWhole(folder, workflowFiles(name, kind));
  const config = keepConfig ? { kept: "you asked to keep it" } : pointConfig(root, name);
  print(
    `Created ${name}/: config.ts, instances.json, processing/, training/, inference/, data/ and test_scripts.py`,
  );
  if (config.kept === undefined) {
    const before = config.before === undefined ? "" : `, no longer ${config.before}`;
    print(`config.ts now exports ${name}/config.ts${before}\n\nNext: npm start`);
  } else {
    print(
      `config.ts is unchanged: ${config.kept}\n\nNext: export WORKFLOW_CONFIG=${name}/config.ts; npm start`,
    );
  }
  print(
    `Then put your data into ${name}/data/, your instances into instances.json, and edit the scripts with npm run dev: docs/own-workflow.md`,
  );
}

function writeWhole(folder: string, files: ReadonlyMap<string, string>): void {
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(unfinished, path)), { recursive: true });
    writeFileSync(join(unfinished, path), text);
  }
  renameSync(unfinished, folder);
}

/** Lets `config.ts` export the workflow's configuration; returns which it exported before, or why it must stay as it is. */
function pointConfig(root: string, name: string): { readonly kept?: string; readonly before?: string } {
  const path = join(root, "config.ts");
  // What an earlier `npm run new` wrote is no loss.
  const earlier = /^export \{ default \} from "\.\/([a-z0-9]+\/config)";\n$/.exec(readFileSync(path, "utf8"));
  const kept = earlier === null ? whyNotCommitted(root) : undefined;
  if (kept !== undefined) return { kept };
  writeFileSync(`${path}.unfinished`, `export { default } from "./${name}/config";\n`);
  renameSync(`${path}.unfinished`, path);
  return earlier === null ? {} : { before: `${earlier[1]}.ts` };
}

function whyNotCommitted(root: string): string | undefined {
  const committed = ["ls-files", "--error-unmatch", "config.ts"];
  const unchanged = ["diff", "--quiet", "HEAD", "--", "config.ts"];
  for (const args of [committed, unchanged]) {
    if (spawnSync("git", args, { cwd: root }).status !== 0) return "it is not committed, and would be lost";
  }
  return undefined;
}

/** The files of a new workflow, from the templates in `python/templates/`. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../paths";

const templates = join(projectRoot, "python", "templates");

/** What a kind of model has that the other has not. */
const kinds = {
  classification: {
    metrics: ["accuracy", "f1"],
    gate: '{ metric: "accuracy", threshold: 0.8 }',
    expectation: 'expected: ["Barolo", "Grignolino"]',
    instances: [
      [14.04, 1.3, 105, "clay"],
      [12.71, 1.39, 82, "sand"],
    ],
  },
  regression: {
    metrics: ["rmse", "r2"],
    gate: '{ metric: "rmse", threshold: 60, better: "smaller" }',
    expectation: "low: 0, high: 2000",
    instances: [
      [45, 3, 1936, "centre"],
      [111, 5, 1942, "harbour"],
    ],
  },
} as const;

export type WorkflowKind = keyof typeof kinds;
export const workflowKinds = Object.keys(kinds) as WorkflowKind[];

/** The files of a workflow: content by path below its folder. */
export function workflowFiles(name: string, kind: WorkflowKind): Map<string, string> {
  const { instances } = kinds[kind];
  const files = new Map([
    ["config.ts", configText(name, kind)],
    ["instances.json", `[${instances.map((row) => JSON.stringify(row).replaceAll(",", ", ")).join(", ")}]\n`],
  ]);
  for (const folder of ["shared", kind]) {
    const root = join(templates, folder);
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || path.includes("__pycache__")) continue;
      files.set(path.slice(root.length + 1), readFileSync(path, "utf8"));
    }
  }
  return files;
}

function configText(name: string, kind: WorkflowKind): string {
  const { metrics, gate, expectation } = kinds[kind];
  return `import { defineConfig } from "../configuration/define";
// Two rows of data/example.csv without their last column, to send to the endpoint; test_scripts.py uses them, too.
import instances from "./instances.json";

export default defineConfig({
  environments: {
    local: {
      region: "us-east-1",
      account: "123456789012",
      stateBucket: "tfstate-${name}-local",
      forceDestroy: true,
    },
    // Put your account here before you deploy: docs/deploy.md.
    dev: {
      region: "us-east-1",
      account: "111122223333",
      stateBucket: "tfstate-${name}-dev-111122223333",
      forceDestroy: true,
      endpoint: { kind: "serverless" },
    },
  },

  workflow: {
    prefix: "${name}",
    processing: { folder: "${name}/processing", entryPoint: "prepare.py" },
    training: {
      folder: "${name}/training",
      entryPoint: "train.py",
      hyperparameters: { regularization: 1 },
      // As the script prints them: "${metrics[0]}: 0.9".
      metrics: [${metrics.map((metric) => `"${metric}"`).join(", ")}],
    },
    inference: { folder: "${name}/inference", entryPoint: "serve.py" },
    gate: ${gate},
    smokeTest: { examples: [{ instances, ${expectation} }] },
  },

  testRun: {
    executionInput: {},
    // Made-up rows: put your own data here.
    sampleData: "${name}/data",
    instances,
    // So much that the model learns next to nothing: npm run rehearse releases it, and expects a rollback.
    worseHyperParameters: { regularization: 100000 },
  },
});
`;
}

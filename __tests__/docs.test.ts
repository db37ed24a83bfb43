import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expectedEnds } from "../cli/drill/expected-ends";
import { expectedWays } from "../cli/drill/expected-ways";
import { resumePermissions } from "../cli/execution/permissions";
import { destinationPermissions, sourcePermissions } from "../cli/promotion/permissions";
import packageJson from "../package.json";
import { workflowDefinition } from "../workflow/definition";
import { executionInput } from "../workflow/execution-input";
import { failures, monitorFailures, retrainFailures } from "../workflow/failures";
import { baseName } from "../workflow/names";
import { allAlarms, tuning, workflow } from "./fixtures";
import { roles } from "./grants";

const documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].concat(
  readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join("docs", path)),
);
const rules = { dataPrefix: "`raw-data/`", hyperparameters: ["of the deployed definition"], baseName: "" };

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The anchors that GitHub makes of a page's headings. */
function headings(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("docs/execution-input.md", () => {
  const text = readFileSync("docs/execution-input.md", "utf8");

  it("has the table of the input's keys as the source has them", () => {
    const rows = Object.entries(executionInput).map(([key, { expected, description }]) => [
      `\`${key}\``,
      expected(rules),
      description,
    ]);
    expect(text).toContain(table(["key", "must be", "what it does"], rows));
  });

  it("has every key of the report", () => {
    const { States } = workflowDefinition(workflow({ tuning, cache: {} })).definition;
    const { Output } = States.MLPipelineComplete as { Output: object };
    const [, report = ""] = /## The report\n([\s\S]*?)\n## /.exec(text) ?? [];
    const rows = [...report.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, names = ""]) => names.split(", "));
    expect(rows.sort()).toEqual(
      Object.keys(Output)
        .map((key) => `\`${key}\``)
        .sort(),
    );
  });

  it("has every failure as the source has them", () => {
    const rows = Object.entries(failures).map(([name, meaning]) => [`\`${name}\``, meaning]);
    expect(text).toContain(table(["error", "what it means"], rows));
  });
});

describe("docs/permissions.md", () => {
  it("has every permission that only a page of AWS asks for", () => {
    const rows = Object.entries(roles).flatMap(([role, { policyStatements }]) =>
      policyStatements.flatMap(({ actions, resources, page }) =>
        page === undefined
          ? []
          : [
              [
                `\`…-${role}-…\``,
                actions.map((action) => `\`${action}\``).join(", "),
                resources.map((resource) => `\`${resource}\``).join(", "),
                `[${page.split("/").at(-1)?.replace(".html", "")}](${page})`,
              ],
            ],
      ),
    );
    const text = readFileSync("docs/permissions.md", "utf8");
    expect(text).toContain(table(["role", "actions", "on", "page"], rows));
  });
});

describe("docs/promotion.md", () => {
  const text = readFileSync("docs/promotion.md", "utf8");
  const account = { prefix: "housing", partition: "aws", region: "us-east-1", account: "123456789012" };

  it.each([
    ["dev", sourcePermissions({ ...account, environment: "dev", endpoint: { kind: "serverless" } })],
    ["prod", destinationPermissions({ ...account, environment: "prod" })],
  ])("has what a person needs in %s", (_, statements) => {
    const code = (values: readonly string[]) => values.map((value) => `\`${value}\``).join(", ");
    const rows = statements.map(({ actions, resources }) => [code(actions), code(resources)]);
    expect(text).toContain(table(["actions", "on"], rows));
  });
});

describe("docs/resume.md", () => {
  it("has what a person needs to stop an execution, and to let it go on", () => {
    const scope = { prefix: "housing", environment: "dev", partition: "aws" } as const;
    const needed = resumePermissions({ ...scope, region: "us-east-1", account: "123456789012" });
    const code = (values: readonly string[]) => values.map((value) => `\`${value}\``).join(", ");
    const rows = Object.entries(needed).flatMap(([command, statements]) =>
      statements.map(({ actions, resources }) => [`\`${command}\``, code(actions), code(resources)]),
    );
    expect(readFileSync("docs/resume.md", "utf8")).toContain(table(["command", "actions", "on"], rows));
  });

  const states = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
  const failing = Object.keys(expectedEnds).filter((state) => (expectedEnds[state] as string) in failures);

  it("has the way on after a failure of each task, as the fault drill expects it", () => {
    const execute = "npm run execute -- dev";
    const ways = {
      new: `\`${execute}\``,
      ModelTraining: `\`${execute} --from ModelTraining --of <execution>\``,
      ModelEvaluation: `\`${execute} --from ModelEvaluation --of <execution>\``,
    };
    const rows = Object.entries(ways).map(([way, command]) => [
      states(Object.keys(expectedWays).filter((state) => expectedWays[state] === way)),
      command,
    ]);
    const harmless = Object.keys(expectedEnds).filter((state) =>
      ["success", "warning"].includes(expectedEnds[state] as string),
    );
    const judging = Object.keys(expectedEnds).filter(
      (state) => (expectedEnds[state] as string) in monitorFailures,
    );
    const deciding = Object.keys(expectedEnds).filter(
      (state) => (expectedEnds[state] as string) in retrainFailures,
    );
    expect(readFileSync("docs/resume.md", "utf8")).toContain(
      table(
        ["failed in", "goes on with"],
        [
          ...rows,
          ["any of these in a release", "`npm run rollback -- dev <version>`"],
          [`the monitor, such as ${states(judging)}`, "`npm run monitor -- dev`"],
          [`a decision on a retraining: ${states(deciding)}`, '`npm run retrain -- dev --why "..."`'],
          [states(harmless), "nothing: the execution itself goes on"],
        ],
      ),
    );
  });

  it("and the drill know a way on after each failure, and none where there is no failure", () => {
    expect(Object.keys(expectedWays)).toEqual(failing);
  });
});

describe("docs/notifications.md", () => {
  it("has every alarm, and no other", () => {
    const { settings } = workflow({
      endpoint: { capture: { percentage: 100 } },
      cache: {},
      retraining: {},
    });
    const base = baseName(settings);
    const alarms = allAlarms(settings);
    const [, section = ""] = readFileSync("docs/notifications.md", "utf8").split("## Alarms");
    const rows = [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, names = ""]) => names.split(", "));
    expect(rows.sort()).toEqual(alarms.map(({ name }) => `\`${name.slice(base.length + 1)}\``).sort());
  });
});

describe.each(documents)("%s", (document) => {
  const text = readFileSync(document, "utf8");

  it("links only to files that exist", () => {
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      expect([target, existsSync(join(dirname(document), target))]).toEqual([target, true]);
    }
  });

  it("links only to headings that exist", () => {
    for (const [, file = "", heading = ""] of text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)) {
      const target = file === "" ? document : join(dirname(document), file);
      expect([target, headings(readFileSync(target, "utf8"))]).toEqual([
        target,
        expect.arrayContaining([heading]),
      ]);
    }
  });

  it("names only commands that exist", () => {
    for (const [, name = ""] of text.matchAll(/npm run ([\w:-]+)/g)) {
      expect(Object.keys(packageJson.scripts)).toContain(name);
    }
  });
});

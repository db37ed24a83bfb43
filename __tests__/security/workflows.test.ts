import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reviewPolicy } from "../../cli/review/review-policy";
import { environments } from "../../configuration";
import { localEnvironment } from "../../configuration/names";
import { lintPolicies, run, type SecurityTools, securityTools } from "./tools";

/** Building the environment takes most of it, once. */
const folder = mkdtempSync(join(tmpdir(), "workflows-"));
const deployed = Object.keys(environments).filter((name) => name !== localEnvironment);

let tools: SecurityTools;

beforeAll(async () => {
  tools = await securityTools();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A stranger's text in a command, and a job that is not there. */
const faulty = `
name: Faulty
on: pull_request_target
jobs:
  greet:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "\${{ github.event.pull_request.title }}"
  leave:
    needs: greet
    runs-on: ubuntu-24.04
    steps:
      - run: echo "\${{ needs.nobody.outputs.name }}"
`;

/** A copy of the project's workflows with a faulty one beside them. */
function withFaulty(): string {
  const copy = join(folder, "faulty");
  cpSync(".github", join(copy, ".github"), { recursive: true });
  mkdirSync(join(copy, ".git"), { recursive: true }); // actionlint looks for the root of a repository
  writeFileSync(join(copy, ".github/workflows/faulty.yml"), faulty);
  return copy;
}

describe("the workflows of GitHub Actions", () => {
  const args = ["--offline", "--strict-collection", "--no-progress", "--persona", "auditor"];

  it("have no finding of zizmor", async () => {
    const { status, output } = await run(tools.zizmor, [...args, ".github"]);
    expect(output).toContain("No findings to report");
    expect(status).toBe(0);
  });

  it("would have, with a fault", async () => {
    const { output } = await run(tools.zizmor, [...args, join(withFaulty(), ".github")]);
    expect(output).toMatch(
      /template-injection[\s\S]*dangerous-triggers|dangerous-triggers[\s\S]*template-injection/,
    );
  });

  const actionlint = findActionlint();
  const itWithActionlint = actionlint === undefined ? it.skip : it;

  itWithActionlint("have no finding of actionlint", () => {
    expect(actionlint?.(".")).toEqual("");
  });

  itWithActionlint("would have, with a fault", () => {
    expect(actionlint?.(withFaulty())).toContain('property "nobody" is not defined');
  });
});

/**
 * The actionlint that is installed, or the one that Go builds; there is no package of it without a download at build time.
 *
 * @returns what it prints for the project in a folder
 */
function findActionlint(): ((project: string) => string) | undefined {
  const programs = [
    ["actionlint"],
    ["go", "run", "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"],
  ] as const;
  const found = programs.find(([name, ...rest]) => spawnSync(name, [...rest, "-version"]).status === 0);
  if (found === undefined) {
    process.stderr.write(
      "actionlint does not run: install it, or Go 1.25, or the workflows stay half checked\n",
    );
    return undefined;
  }
  const [name, ...rest] = found;
  return (project) => {
    // Linters of shells that may be installed here or not are left out.
    const { stdout, stderr } = spawnSync(name, [...rest, "-oneline", "-shellcheck=", "-pyflakes="], {
      cwd: project,
      encoding: "utf8",
    });
    return `${stdout}${stderr}`;
  };
}

interface Job {
  readonly needs?: string | readonly string[];
  readonly with?: Readonly<Record<string, string>>;
  readonly steps?: readonly { readonly id?: string; readonly run?: string }[];
}

async function jobsOf(workflow: string): Promise<Readonly<Record<string, Job>>> {
  const program = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin)['jobs'], sys.stdout)";
  const input = readFileSync(join(".github/workflows", workflow), "utf8");
  return JSON.parse((await run(tools.python, ["-c", program], { input })).output);
}

describe("the workflow of pull requests", () => {
  it("reviews every environment of config.ts but the emulator's", async () => {
    const { environments: job } = await jobsOf("pull-request.yml");
    const script = job?.steps?.find(({ id }) => id === "list")?.run ?? "";
    const output = join(folder, "output");

    const { status } = await run("bash", ["-e", "-c", script], {
      env: { ...process.env, GITHUB_OUTPUT: output },
    });

    expect(status).toBe(0);
    const [, matrix = ""] = /^matrix=(.*)\n$/.exec(readFileSync(output, "utf8")) ?? [];
    expect(JSON.parse(matrix)).toEqual(
      deployed.map((name) => ({ environment: name, variable: `AWS_REVIEW_ROLE_${name.toUpperCase()}` })),
    );
  });
});

describe("the workflow of deploys", () => {
  // A project adds jobs for environments of its own: docs/ci.md.
  it("deploys one environment after the other, each with its own role", async () => {
    const { test, ...jobs } = await jobsOf("deploy.yml");
    expect(test).toBeDefined();
    const names = Object.keys(jobs);
    expect(names).not.toContain(localEnvironment);
    expect(Object.values(jobs)).toEqual(
      names.map((name, index) =>
        expect.objectContaining({
          needs: names[index - 1] ?? "test",
          with: { environment: name, role: `\${{ vars.AWS_DEPLOY_ROLE_${name.toUpperCase()} }}` },
        }),
      ),
    );
  });
});

describe("the role of reviews", () => {
  it.each(deployed)(
    "has a policy for %s in which parliament finds nothing, and that IAM takes",
    async (name) => {
      const policy = reviewPolicy(name);
      expect(await lintPolicies(tools, [{ name: "review", policy }])).toEqual([]);
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: of a managed policy.
      expect(JSON.stringify(policy).length).toBeLessThan(6144);
    },
  );
});

describe("the comment of a review", () => {
  const reviewComment: (options: object) => Promise<void> = require("../../.github/review-comment.cjs");
  const review = join(folder, "review.md");
  const context = { repo: { owner: "team", repo: "workflow" }, issue: { number: 7 } };

  interface Comment {
    readonly id: number;
    body: string;
    readonly user: { readonly type: string };
  }

  /** A pull request's comments, in memory. */
  function fakeGithub(comments: Comment[]) {
    const issues = {
      listComments: async () => ({ data: comments }),
      createComment: async ({ body }: { body: string }) => {
        comments.push({ id: comments.length + 1, body, user: { type: "Bot" } });
      },
      updateComment: async ({ comment_id, body }: { comment_id: number; body: string }) => {
        const comment = comments.find(({ id }) => id === comment_id);
        if (comment !== undefined) comment.body = body;
      },
    };
    const paginate = async (list: typeof issues.listComments) => (await list()).data;
    return { rest: { issues }, paginate };
  }

  async function write(comments: Comment[], body: string): Promise<string[]> {
    writeFileSync(review, body);
    await reviewComment({ github: fakeGithub(comments), context, file: review });
    return comments.map((comment) => comment.body);
  }

  it("is one for each environment, brought up to date in its place", async () => {
    const comments: Comment[] = [];
    await write(comments, "<!-- review:dev -->\nfirst");
    await write(comments, "<!-- review:prod -->\nfirst");
    expect(await write(comments, "<!-- review:dev -->\nsecond")).toEqual([
      "<!-- review:dev -->\nsecond",
      "<!-- review:prod -->\nfirst",
    ]);
  });

  it("leaves alone what a person wrote", async () => {
    const quoted = { id: 1, body: "<!-- review:dev -->\nquoted", user: { type: "User" } };
    expect(await write([quoted], "<!-- review:dev -->\nfirst")).toHaveLength(2);
  });

  it("fails for a file that is not a review", async () => {
    await expect(write([], "No changes.")).rejects.toThrow("must start with <!-- review:ENVIRONMENT -->");
  });
});

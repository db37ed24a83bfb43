/** Every command line in the docs, as a person would type it: its command, arguments and options are parsed, not run. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { program } from "../cli/program";
import packageJson from "../package.json";

const documents = ["help", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].concat(
  readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join("docs", path)),
);

/** The command lines of a page: of its code blocks and its inline code, each of several on one line alone. */
function commandLines(text: string): string[] {
  // A table of commands has its explanations two spaces further, or behind a number sign.
  const ends = / {2}| #| && | > |; |`|\.{3}|\. |\.$| \| /;
  return [...text.matchAll(/\bnp[mx] (?:run [\w:-]+|start|test|ci|[\w-]+)[^\n]*/g)].flatMap(([line]) =>
    line
      .split(/(?=\bnp[mx] )/)
      .map((part) => (part.split(ends)[0] as string).trim().replace(/[,.:;)]+$/, ""))
      .filter((part) => /^np[mx] /.test(part)),
  );
}

/** The words of a command line; a placeholder is a word that any argument takes. */
function words(line: string): string[] {
  const whole = line.replace(/<[^>]+>/g, "1");
  return [...whole.matchAll(/'([^']*)'|"([^"]*)"|\S+/g)].map(
    ([word, single, double]) => single ?? double ?? word,
  );
}

const lines = documents.flatMap((document) =>
  [...new Set(commandLines(readFileSync(document, "utf8")))].map((line) => [document, line] as const),
);

/** The commands, none of which does anything. */
function parser() {
  const cli = program();
  for (const command of cli.commands) command.action(() => {});
  return cli;
}

const scripts: Readonly<Record<string, string>> = packageJson.scripts;

const ours = lines.flatMap(([document, line]) => {
  const [, run = "", script = ""] = /^npm (run )?([\w:-]+)/.exec(line) ?? [];
  const name = /cli\/main\.ts ([\w-]+)$/.exec(scripts[script] ?? "")?.[1];
  if (name === undefined || line.includes("--help") || (run === "" && script !== "start")) return [];
  const [, given] = /^.*? -- (.*)$/.exec(line) ?? [];
  return [{ document, line, name, given }];
});

it("finds the commands of each page that has some", () => {
  expect(ours.length).toBeGreaterThan(80);
  expect(new Set(ours.map(({ document }) => document)).size).toBeGreaterThan(8);
});

it.each(ours.filter(({ given }) => given !== undefined))("$document: $line", async ({ name, given = "" }) => {
  await expect(parser().parseAsync([name, ...words(given)], { from: "user" })).resolves.toBeDefined();
});

it("has no command that the list of commands lacks", () => {
  const listed = new Set(ours.filter(({ document }) => document === "help").map(({ name }) => name));
  expect(
    program()
      .commands.map((command) => command.name())
      .filter((name) => !listed.has(name)),
  ).toEqual([]);
});

it("names only files of the project where it runs one of its own tools", () => {
  const tools = lines.filter(([, line]) => /^(npx jest|npm run (python|test:ts)) /.test(line));
  const paths = tools.flatMap(([, line]) => words(line).filter((word) => word.includes("/")));
  expect(paths.length).toBeGreaterThan(2);
  for (const path of paths) {
    expect([path, [path, `${path}.test.ts`].some((file) => existsSync(file))]).toEqual([path, true]);
  }
});

it("names only kinds of tests that there are", () => {
  const projects = lines.flatMap(([, line]) => /--selectProjects[= ](\w+)/.exec(line)?.[1] ?? []);
  const { projects: all } = require("../jest.config.js") as { projects: { displayName: string }[] };
  expect(projects.length).toBeGreaterThan(2);
  for (const name of projects) expect(all.map(({ displayName }) => displayName)).toContain(name);
});

import { readdirSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { program } from "../../cli/program";

const files = readdirSync("cli", { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);
const sources = new Map(files.map((file) => [file, readFileSync(join("cli", file), "utf8")]));

/** What a file imports, as paths in `cli/`. */
function importsOf(file: string): string[] {
  return [...(sources.get(file) as string).matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)].map(
    ([, path = ""]) => `${normalize(join(file, "..", path))}.ts`,
  );
}

const calls = [
  ...(sources.get("program.ts") as string).matchAll(/import\("\.\/([\w-]+)\/([\w-]+)"\)\)\.(\w+)\(/g),
].map(([, room, command = "", called]) => ({ file: `${room}/${command}.ts`, command, called }));

it("every command has a file of its own name in a room", () => {
  const commands = program().commands.map((command) => command.name());
  expect(calls.map(({ command }) => command).sort()).toEqual(commands.sort());
});

it.each(calls)("$file exports the one function that program.ts calls, by the command's name", (call) => {
  // A reserved word cannot name a function.
  const command = call.command === "new" ? "new-workflow" : call.command;
  const name = command.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  expect(call.called).toBe(name);
  const exported = (sources.get(call.file) as string).match(/^export .*?(?=\(|$)/gm);
  expect(exported).toEqual([`export async function ${name}`]);
});

it.each(calls)(
  "$file is imported by program.ts only: what others need, too, is a file beside it",
  ({ file }) => {
    expect(files.filter((other) => importsOf(other).includes(file))).toEqual(["program.ts"]);
  },
);

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { print, printable, printJson, printToStderr } from "../../../cli/terminal/print";
import { runTasks } from "../../../cli/terminal/progress";

/** Sets a title, clears the screen, turns text red and from right to left, and goes up a line. */
const attack = "a\x1b]0;owned\x07\x1b[2J\x1b[31m\u202eb\u2066\u009b1A\r\u200f\u00adc\n\td";

let written = "";

beforeEach(() => {
  written = "";
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, "write").mockImplementation((chunk) => {
      written += chunk;
      return true;
    });
  }
});
afterEach(() => jest.restoreAllMocks());

it("leaves lines and what prints", () => {
  expect(printable(attack)).toBe("a]0;owned[2J[31mb1Ac\n\td");
  expect(printable("é ✔ 👩‍🚀 العربية")).toBe("é ✔ 👩‍🚀 العربية");
});

it.each([print, printToStderr])("is what %p writes", (write) => {
  write(attack);
  expect(written).toBe(`${printable(attack)}\n`);
});

it("escapes in JSON what does not print, so that nothing is lost", () => {
  printJson({ attack });
  expect(written).toBe(`${printable(written)}`);
  expect(JSON.parse(written)).toEqual({ attack });
});

it("is what tasks show, and their errors", async () => {
  const run = runTasks(
    [
      {
        title: "first",
        task: (_, task) => {
          task.title = `title ${attack}`;
          task.output = `output ${attack}`;
          throw new Error(`error ${attack}`);
        },
      },
    ],
    { silent: false },
  );
  await expect(run).rejects.toThrow(printable(`error ${attack}`));
  expect(written).toContain("title a]0;owned");
  for (const control of ["\x1b]", "\x07", "\u202e", "\u009b"]) expect(written).not.toContain(control);
});

it("is the only way to the terminal", () => {
  const files = readdirSync("cli", { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const others = files.filter(
    (name) =>
      !["terminal/print.ts", "terminal/confirm.ts"].includes(name) &&
      /process\.std(out|err)(?!\.isTTY)|console\./.test(readFileSync(join("cli", name), "utf8")),
  );
  expect(others).toEqual([]);
});

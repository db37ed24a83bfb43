import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { print, printable, printResult, printToStderr, writeJson } from "../../../cli/terminal/print";
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
  writeJson({ attack }, { json: true });
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

describe("a result", () => {
  const document = { rows: 2 };
  const text = () => "two rows";
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "result-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is printed as text, or as JSON and nothing else", () => {
    printResult(document, text, { json: false });
    expect(written).toBe("two rows\n");
    written = "";
    printResult(document, text, { json: true });
    expect(JSON.parse(written)).toEqual(document);
  });

  it("is written to a file, too, whole", () => {
    const output = join(folder, "result.json");
    printResult(document, text, { json: false, output });
    expect(written).toBe("two rows\n");
    expect(JSON.parse(readFileSync(output, "utf8"))).toEqual(document);
    expect(readdirSync(folder)).toEqual(["result.json"]);
  });
});

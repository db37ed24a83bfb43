import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { main } from "../../cli/main";
import { program } from "../../cli/program";
import packageJson from "../../package.json";

async function run(...args: string[]): Promise<{ code: number; said: string }> {
  let said = "";
  const code = await main(args, (text) => {
    said += text;
  });
  return { code, said };
}

describe("the command line", () => {
  it.each([
    [["execute", "--nonsense"], "unknown option '--nonsense'"],
    [["execute", "dev", "extra"], "too many arguments"],
    [["start", "--time-scale", "fast"], "It must be a number above 0 and at most 1."],
    [["emulator", "--time-scale", "2"], "It must be a number above 0 and at most 1."],
    [["start", "--timeout", "-1"], "It must be a number above 0."],
    [["new"], "missing required argument 'name'"],
    [
      ["new", "my-wine"],
      'The name must be 1 to 16 lower-case letters and digits, starting with a letter, got "my-wine"',
    ],
    [["new", "python"], "python/ already exists"],
    [["new", "wine", "--kind", "clustering"], "Allowed choices are classification, regression."],
    [["emulator", "--port", "99999"], "It must be a whole number from 1 to 65535."],
    [["start", "--input", "{broken"], "--input must be JSON or the path of a JSON file"],
    [["start", "--input", "no-such-file.json"], "--input must be JSON or the path of a JSON file"],
    [["start", "--input", '{"Threshold": "high"}'], "Threshold must be a number, got high"],
    [["start", "--input", '{"Treshold": 1}'], "HyperParameters, From, Reason, got Treshold"],
    [["start", "--name", "raw/2026 01.csv"], 'It must not contain "/"'],
    [["execute", "dev", "--redrive", "a", "--from", "ModelTraining"], "cannot be used with option"],
    [["execute", "dev", "--redrive", "a", "--name", "b"], "cannot be used with option"],
    [["execute", "dev", "--attach", "a", "--from", "ModelTraining"], "cannot be used with option"],
    [["execute", "dev", "--from", "ModelTraining"], "--from and --of belong together"],
    [["execute", "dev", "--of", "run-1"], "--from and --of belong together"],
    [
      ["execute", "dev", "--from", "Training", "--of", "a"],
      "--from must be one of ModelTraining, ModelEvaluation",
    ],
    [["stop", "dev"], "missing required argument 'execution': name or ARN of the execution"],
    [["execute", "dev", "--name", "a b"], 'It must not contain " "'],
    [["execute", "dev", "--name", "n".repeat(81)], "It must have 1 to 80 characters, got 81."],
    [["start", "--name", ""], "It must have 1 to 80 characters, got 0."],
    [["deploy", "dev"], "pass --yes to continue without confirmation"],
    [["change-kind", "dev"], "pass --yes to continue without confirmation"],
    [
      ["score", "dev"],
      "missing required argument 'input': CSV file to upload; or a key or prefix under scoring-input/",
    ],
    [
      ["approve", "dev"],
      "missing required argument 'version': version number; npm run versions lists them\nUsage: npm run approve -- <environment> <version>",
    ],
    [
      ["experiment", "dev"],
      "missing required argument 'action': what to do with the test (start, status, stop)",
    ],
    [
      ["deploy", "deev"],
      "The environment must be one of local, dev, staging, prod, got deev; did you mean dev?",
    ],
    [["status", "loca"], "got loca; did you mean local?"],
    [["promote", "local", "local"], "The environments must be different, got local twice"],
    [["score", "dev", "scoring-input/", "--format", "xml"], "Allowed choices are csv, json."],
    [["score", "nowhere", "scoring-input/"], "got nowhere: add it to __tests__/housing.config.ts"],
    [["deploy"], "missing required argument 'environment': environment in config.ts"],
    [["diff", "nowhere"], "The environment must be one of local, dev, staging, prod, got nowhere"],
    [["bootstrap", "nowhere"], "got nowhere: add it to __tests__/housing.config.ts"],
    [["execute", "nowhere"], "got nowhere: add it to __tests__/housing.config.ts"],
    [["experiment", "nowhere", "status"], "got nowhere: add it to __tests__/housing.config.ts"],
    [["experiment", "local", "begin"], "Allowed choices are start, status, stop."],
    [["experiment", "local", "start"], "start needs a version: list them with npm run versions -- local"],
    [
      ["experiment", "local", "start", "2", "--effect", "0.05"],
      "start needs --reward-range, --max-error-rate, --max-latency",
    ],
    [["experiment", "local", "start", "2", "--weight", "100%"], "It must be a share such as 10% or 0.1."],
    [
      ["experiment", "local", "start", "2", "--reward-range", "1,0"],
      "the lowest and highest possible reward",
    ],
    [["experiment", "local", "start", "2", "--winner", "champion"], "start does not take --winner"],
    [["experiment", "local", "stop", "--alpha", "0.1", "--yes"], "stop does not take --alpha"],
    [["experiment", "local", "status", "2"], "status does not take a version"],
    [["promote", "dev"], "missing required argument 'to': destination environment in config.ts"],
    [["promote", "dev", "staging", "latest"], "It must be a whole number of 1 or more."],
    [["promote", "dev", "nowhere", "--yes"], "got nowhere: add it to __tests__/housing.config.ts"],
    [["promote", "dev", "dev", "--yes"], "The environments must be different, got dev twice"],
    [
      ["promote", "local", "dev", "--yes"],
      "Both environments must be on AWS, got the emulator (local) and dev",
    ],
  ])("%j is wrong usage, found before anything starts", async (args, message) => {
    const { code, said } = await run(...args);
    expect(said).toContain(message);
    expect(code).toBe(2);
  });

  it("refuses Windows, with a word on what works there", async () => {
    const platform = Object.getOwnPropertyDescriptor(process, "platform") as PropertyDescriptor;
    Object.defineProperty(process, "platform", { value: "win32" });
    try {
      expect(await run("status")).toEqual({ code: 2, said: expect.stringContaining("WSL") });
    } finally {
      Object.defineProperty(process, "platform", platform);
    }
  });

  it("has the commands that package.json names", () => {
    const named = Object.values(packageJson.scripts).flatMap(
      (line) => /cli\/main\.ts ([\w-]+)/.exec(line)?.[1] ?? [],
    );
    expect(
      program()
        .commands.map((command) => command.name())
        .sort(),
    ).toEqual(named.sort());
  });

  it.each(program().commands.map((command) => command.name()))(
    "%s shows examples that it would accept",
    (name) => {
      const command = program().commands.find((c) => c.name() === name);
      let help = "";
      command?.configureOutput({ writeOut: (text) => (help += text) });
      command?.outputHelp();
      const examples = [...help.matchAll(/^ {2}npm (?:run )?([\w-]+)(?: -- (.*))?$/gm)];
      expect(examples.length).toBeGreaterThan(0);
      for (const [, called, flags = ""] of examples) {
        expect(called).toBe(name);
        for (const [flag] of flags.matchAll(/--[\w-]+/g)) {
          expect(command?.options.map(({ long }) => long)).toContain(flag);
        }
      }
    },
  );
});

describe("the file help", () => {
  it("names only commands that exist", () => {
    const commands = [...readFileSync("help", "utf8").matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name);
    expect(commands.length).toBeGreaterThan(3);
    for (const name of commands) expect(Object.keys(packageJson.scripts)).toContain(name);
  });
});

it("ends without a word when nobody reads on", () => {
  const { stderr } = spawnSync("sh", ["-c", "node --import tsx cli/main.ts start --help | true"], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
});

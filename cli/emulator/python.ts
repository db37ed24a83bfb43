import { spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import images from "../../python/locks/images.json";
import { defaultImage, type ImageProps } from "../../workflow/image";
import { projectRoot } from "../paths";
import { FailedError, UsageError } from "../terminal/errors";

/** Interpreters that can build the project's Python environments, in order of preference. */
const candidates = ["python3.11", "python3.12", "python3.13", "python3.10", "python3", "python"];

const table: Readonly<Record<string, { readonly environment: string; readonly testEnvironment?: string }>> =
  images;

/** The Python environment of the default container image; it also creates the sample data. */
export const imageEnvironment = environmentOf(`${defaultImage.repository}:${defaultImage.tag}`);

const preparedSchema = z.record(
  z.string(),
  z.object({ python: z.string(), version: z.string(), note: z.string().nullable() }),
);

export type PreparedEnvironments = z.output<typeof preparedSchema>;

/**
 * Builds missing Python environments and returns the path of each one's interpreter.
 *
 * @param names of lock files in `python/locks/`
 * @param onProgress called with progress lines, because the first build takes a while
 * @throws UsageError if no suitable Python is found
 * @throws FailedError if a Python environment cannot be built
 */
export async function prepareEnvironments(
  names: readonly string[],
  onProgress: (line: string) => void = () => {},
): Promise<PreparedEnvironments> {
  const script = resolve(projectRoot, "python/emulator/runtime/environments.py");
  const child = spawn(findPython(), [script, ...names], { stdio: ["ignore", "pipe", "pipe"] });
  const complaints: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    complaints.push(line);
    onProgress(line);
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const code = await new Promise((settle) => child.on("close", settle));
  if (code !== 0) throw new FailedError(complaints.slice(-15).join("\n"));
  return preparedSchema.parse(JSON.parse(output));
}

/** The interpreter of a prepared Python environment. */
export function interpreter(environments: PreparedEnvironments, name: string): string {
  const python = environments[name]?.python;
  if (python === undefined) throw new FailedError(`The Python environment ${name} was not prepared`);
  return python;
}

/**
 * The name of the Python environment that stands in for an image, with pytest.
 *
 * @throws UsageError if python/locks/images.json has none
 */
export function testEnvironment({ repository, tag, uri }: ImageProps = defaultImage): string {
  const image = uri?.split("/").at(-1) ?? `${repository}:${tag}`;
  const name = table[image]?.testEnvironment;
  if (name === undefined) {
    throw new UsageError(`python/locks/images.json must have a testEnvironment for the image ${image}`);
  }
  return name;
}

function environmentOf(image: string): string {
  const environment = table[image]?.environment;
  if (environment === undefined) throw new Error(`python/locks/images.json has no image ${image}`);
  return environment;
}

/** Finds the first Python that runs and is new enough; a name on the PATH may be a shim that runs nothing. */
function findPython(): string {
  const wanted = process.env.PYTHON === undefined ? candidates : [process.env.PYTHON];
  const probe = "import sys; sys.exit(sys.version_info < (3, 10))";
  const found = wanted.find((name) => spawnSync(name, ["-c", probe], { stdio: "ignore" }).status === 0);
  if (found === undefined) {
    throw new UsageError(
      `No usable Python of version 3.10 or newer was found (tried ${wanted.join(", ")}). Install Python 3.11, or name an interpreter in the variable PYTHON`,
    );
  }
  return found;
}

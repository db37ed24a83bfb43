import { emulatorVariables } from "../account/emulator-address";
import { FailedError } from "../terminal/errors";
import { print, printToStderr } from "../terminal/print";
import { interruption } from "../terminal/progress";
import { type EmulatorOptions, EmulatorProcess, timeScaleText } from "./process";
import { prepareEnvironments } from "./python";

/** Runs the emulator in the foreground, and prints the variables that point at it. */
export async function emulator(options: EmulatorOptions): Promise<void> {
  const signal = interruption();
  const tell = (line: string) => printToStderr(`${line}`);
  const environments = await prepareEnvironments(["emulator", "scikit-learn-1.2-1"], tell);
  signal.throwIfAborted();
  const emulator = await EmulatorProcess.start(environments.emulator?.python as string, options, tell);
  const { endpoint, timeScale, isolation } = emulator.address;
  tell(
    `The emulator is up at ${endpoint} until Ctrl-C (${timeScaleText(timeScale)}, jobs isolated by ${isolation}).`,
  );
  tell("Point any AWS SDK, CLI or Terraform at it:");
  for (const [name, value] of Object.entries(emulatorVariables(emulator.connection))) {
    print(`export ${name}=${value}`);
  }
  tell(
    options.anyKey === true
      ? "It takes any key: whoever reaches the port can run commands as you."
      : "The key is new at each start; who has it can run commands as you (docs/emulator.md).",
  );
  tell(
    "Two clients ask AWS all the same: AWS CLI v1's `aws sqs` needs --endpoint-url $AWS_ENDPOINT_URL, and",
  );
  tell("the SageMaker SDKs' default_bucket() and get_execution_role() want bucket and role given.");
  try {
    await Promise.race([
      emulator.ended.then((code) => {
        throw new FailedError(`The emulator has ended by itself, with exit code ${code}`);
      }),
      new Promise((settle) => signal.addEventListener("abort", settle)),
    ]);
  } finally {
    await emulator.stop();
  }
}

import { emulatorVariables } from "../account/emulator-address";
import { FailedError } from "../terminal/errors";
import { print, printToStderr } from "../terminal/print";
import { interruption, stoppedText } from "../terminal/progress";
import { type EmulatorOptions, EmulatorProcess, olderEmulatorText, timeScaleText } from "./process";
import { imageEnvironment, prepareEnvironments } from "./python";

/** Runs the emulator in the foreground, and prints the variables that point at it. */
export async function emulator(options: EmulatorOptions): Promise<void> {
  const signal = interruption();
  const environments = await prepareEnvironments(["emulator", imageEnvironment], printToStderr);
  signal.throwIfAborted();
  const emulator = await EmulatorProcess.start(
    environments.emulator?.python as string,
    options,
    printToStderr,
  );
  const { endpoint, timeScale, isolation } = emulator.address;
  printToStderr(
    `The emulator is up at ${endpoint} until Ctrl-C (${timeScaleText(timeScale)}, jobs isolated by ${isolation}).`,
  );
  printToStderr("Point any AWS SDK, CLI or Terraform at it:");
  for (const [name, value] of Object.entries(emulatorVariables(emulator.connection))) {
    print(`export ${name}=${value}`);
  }
  const older = olderEmulatorText(emulator.address);
  if (older !== undefined) printToStderr(older);
  printToStderr(
    options.anyKey === true
      ? "It accepts any key: anyone who can reach the port can run commands as you."
      : "The key is new at each start; anyone who has it can run commands as you (docs/emulator.md).",
  );
  printToStderr(
    "Two clients call AWS despite these variables: for `aws sqs` of AWS CLI v1, pass --endpoint-url $AWS_ENDPOINT_URL;",
  );
  printToStderr(
    "instead of default_bucket() and get_execution_role() of the SageMaker SDKs, pass bucket and role.",
  );
  try {
    await Promise.race([
      emulator.ended.then((code) => {
        throw new FailedError(`The emulator ended unexpectedly, with exit code ${code}`);
      }),
      new Promise((settle) => signal.addEventListener("abort", settle)),
    ]);
  } finally {
    await emulator.stop();
  }
  printToStderr(stoppedText);
}

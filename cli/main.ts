import { CommanderError } from "commander";
import { program } from "./program";
import { CliError, exitCodes, explain } from "./terminal/errors";
import { printToStderr } from "./terminal/print";

/** Runs one command line and returns the exit code. */
export async function main(args: readonly string[], complain: (text: string) => void): Promise<number> {
  if (process.platform === "win32") {
    complain("Windows is not supported; run this in WSL, the Windows Subsystem for Linux");
    return exitCodes.usage;
  }
  try {
    await program().parseAsync(args, { from: "user" });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return 0; // --help
      const named = thrown.code === "commander.missingArgument" ? "; config.ts lists the environments" : "";
      complain(`${thrown.message}${named}`);
      return exitCodes.usage;
    }
    const error = explain(thrown);
    if (error instanceof CliError) {
      complain(error.message);
      return error.exitCode;
    }
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exitCodes.failed;
  }
}

if (require.main === module) {
  main(process.argv.slice(2), printToStderr).then((code) => {
    process.exitCode = code;
  });
}

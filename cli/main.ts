import { type Command, CommanderError } from "commander";
import { program } from "./program";
import { CliError, exitCodes, explain } from "./terminal/errors";
import { endWithReader, printToStderr } from "./terminal/print";

/** Runs one command line and returns the exit code. */
export async function main(args: readonly string[], complain: (text: string) => void): Promise<number> {
  if (process.platform === "win32") {
    complain("Windows is not supported; run this in WSL, the Windows Subsystem for Linux");
    return exitCodes.usage;
  }
  const cli = program();
  try {
    await cli.parseAsync(args, { from: "user" });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return 0; // --help
      complain(`${thrown.message}${missingArgument(cli, args, thrown)}`);
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

/** Describes the argument that an error says is missing, and how the command is called. */
function missingArgument(cli: Command, [name]: readonly string[], { code, message }: CommanderError): string {
  const called = cli.commands.find((command) => command.name() === name);
  const argument = called?.registeredArguments.find((one) => message.endsWith(`'${one.name()}'`));
  if (code !== "commander.missingArgument" || called === undefined || argument === undefined) return "";
  const choices = argument.argChoices === undefined ? "" : ` (${argument.argChoices.join(", ")})`;
  return `: ${argument.description}${choices}\nUsage: npm run ${name} ${called.usage()}`;
}

if (require.main === module) {
  endWithReader();
  void main(process.argv.slice(2), printToStderr).then((code) => {
    process.exitCode = code;
  });
}

import { Listr, type ListrTask, type ListrTaskWrapper } from "listr2";
import { printable } from "./print";

const parent = process.ppid;

/** A task that shows its progress in lines of its own. */
// biome-ignore lint/suspicious/noExplicitAny: listr2's own default for renderers that do not matter here
export type ProgressTask = ListrTaskWrapper<any, any, any>;

/** Options for a task whose lines stay on the terminal when it has ended. */
export const keepLines = { outputBar: Number.POSITIVE_INFINITY, persistentOutput: true };

/**
 * Runs tasks one after the other and shows them: live on a terminal, as plain lines elsewhere, not at all if silent.
 *
 * @throws the error of the first task that fails; the progress has shown it by then, without details
 */
export async function runTasks(
  tasks: readonly ListrTask<object>[],
  { silent }: { readonly silent: boolean },
): Promise<void> {
  const list = new Listr<object, "default", "simple">(tasks.map(inPrint), {
    renderer: "default",
    fallbackRenderer: "simple",
    silentRendererCondition: silent,
    // The command handles Ctrl-C itself.
    registerSignalListeners: false,
    rendererOptions: { collapseErrors: false, showErrorMessage: false },
  });
  try {
    await list.run();
  } catch (error) {
    throw error instanceof ShownError ? error.cause : error;
  }
}

/** What a failed task's own line says: the command prints the error itself, once, when the tasks have ended. */
class ShownError extends Error {
  override readonly message = "see below";
}

/** The return value of a task in a list. */
class Result<T> {
  #ended: { readonly value: T } | undefined;

  constructor(private readonly title: string) {}

  set(value: T): void {
    this.#ended = { value };
  }

  /** Undefined until the task has succeeded, and if it was skipped. */
  get ifAny(): T | undefined {
    return this.#ended?.value;
  }

  get value(): T {
    if (this.#ended === undefined) throw new Error(`The task "${this.title}" has not returned a value`);
    return this.#ended.value;
  }
}

/** Tasks that return values, for the tasks after them and for the caller. */
export class TaskList {
  readonly #tasks: ListrTask<object>[] = [];

  add<T>(
    title: string,
    work: (task: ProgressTask) => Promise<T>,
    options: Pick<ListrTask<object>, "enabled" | "skip" | "rendererOptions"> = {},
  ): Result<T> {
    const result = new Result<T>(title);
    const task = async (_: object, shown: ProgressTask) => result.set(await work(shown));
    this.#tasks.push({ ...options, title, task });
    return result;
  }

  /** Runs the tasks as `runTasks` does. */
  async run(options: { readonly silent: boolean }): Promise<void> {
    await runTasks(this.#tasks, options);
  }
}

/** Wraps a task so that its title, lines and errors are made `printable`. */
function inPrint(task: ListrTask<object>): ListrTask<object> {
  return {
    ...task,
    task: async (context, wrapper) => {
      const shown = new Proxy(wrapper, {
        get(target, name) {
          const found = Reflect.get(target, name, target);
          return typeof found === "function" ? found.bind(target) : found;
        },
        set: (target, name, text) =>
          Reflect.set(target, name, typeof text === "string" ? printable(text) : text, target),
      });
      try {
        return await task.task(context, shown);
      } catch (error) {
        if (error instanceof Error) error.message = printable(error.message);
        throw new ShownError(undefined, { cause: error });
      }
    },
  };
}

/** npm passes on a Ctrl-C that the terminal has sent already: signals within this time are one. */
const oneInterruptionMilliseconds = 500;

/** What a command with an emulator of its own prints when it was interrupted. */
export const stoppedText = "Stopped: the emulator and everything that ran in it have ended";

/** Returns a signal aborted by Ctrl-C, SIGTERM or the end of the parent process; a second Ctrl-C ends the process. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let interruptedAt: number | undefined;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const handle = () => {
      interruptedAt ??= Date.now();
      controller.abort(name);
      if (Date.now() - interruptedAt <= oneInterruptionMilliseconds) return;
      process.removeListener(name, handle);
      process.kill(process.pid, name);
    };
    process.on(name, handle);
  }
  // If npm is killed, it passes no signal on.
  setInterval(() => {
    if (process.ppid !== parent) controller.abort("the parent process has ended");
  }, 500).unref();
  return controller.signal;
}

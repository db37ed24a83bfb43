import { Listr, type ListrTask, type ListrTaskWrapper } from "listr2";
import { printable } from "./print";

const parent = process.ppid;

/** A task that shows what it is doing in lines of its own. */
// biome-ignore lint/suspicious/noExplicitAny: listr2's own default for renderers that do not matter here
export type ProgressTask = ListrTaskWrapper<any, any, any>;

/** For a task whose lines stay on the terminal when it has ended. */
export const keepLines = { outputBar: Number.POSITIVE_INFINITY, persistentOutput: true };

/**
 * Runs tasks one after the other and shows them: live on a terminal, as plain lines elsewhere, not at all for machines.
 *
 * @throws the first task's error; what shows the progress has told it by then, but for its details
 */
export async function runTasks(
  tasks: readonly ListrTask<object>[],
  { silent }: { readonly silent: boolean },
): Promise<void> {
  const list = new Listr<object, "default", "simple">(tasks.map(inPrint), {
    renderer: "default",
    fallbackRenderer: "simple",
    silentRendererCondition: silent,
    // Ctrl-C is the command's own to handle.
    registerSignalListeners: false,
    rendererOptions: { collapseErrors: false, showErrorMessage: false },
  });
  await list.run();
}

/** What a task of a list returns, once it has run. */
export class Result<T> {
  #ended: { readonly value: T } | undefined;

  constructor(private readonly title: string) {}

  set(value: T): void {
    this.#ended = { value };
  }

  /** Undefined before the task has ended well, and where it was skipped. */
  get ifAny(): T | undefined {
    return this.#ended?.value;
  }

  get value(): T {
    if (this.#ended === undefined) throw new Error(`The task "${this.title}" has returned nothing`);
    return this.#ended.value;
  }
}

/** Tasks that return values: what one has returned is for those after it, and for who runs the list. */
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

/** A task whose title, lines and errors go to the terminal as `printable` leaves them. */
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
        throw error;
      }
    },
  };
}

/** An AbortSignal that Ctrl-C, SIGTERM or the end of our parent aborts; a second Ctrl-C ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(name, () => controller.abort(name));
  }
  // npm that is killed passes nothing on.
  setInterval(() => {
    if (process.ppid !== parent) controller.abort("the parent process has ended");
  }, 500).unref();
  return controller.signal;
}

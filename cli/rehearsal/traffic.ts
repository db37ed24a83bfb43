import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import type { Aws } from "../account/clients";

type Cell = number | string;

/** One row of the held-out data: the features to send and the true label. */
export interface Row {
  readonly features: readonly Cell[];
  readonly label: Cell;
}

/** The outcome of one request. */
export interface Answer {
  /** In milliseconds since the epoch. */
  readonly sentAt: number;
  readonly milliseconds: number;
  /** Absolute error of a number, or 1 for a wrong label and 0 for the right one; absent if there was no prediction. */
  readonly error?: number;
  readonly failure?: string;
}

/** The metric sent to CloudWatch: the mean error of each second's predictions. */
export const businessMetric = { Namespace: "Rehearsal", MetricName: "AbsoluteError" } as const;

/** Sends the rows to an endpoint repeatedly, at a fixed rate that does not depend on its response times. */
export class Traffic {
  readonly answers: Answer[] = [];
  readonly #runtime: SageMakerRuntimeClient;
  readonly #cloudwatch: CloudWatchClient;
  readonly #open = new Set<Promise<void>>();
  #reported = 0;
  #sent = 0;
  #timers: NodeJS.Timeout[] = [];

  /** @param rate requests per second */
  constructor(
    aws: Aws,
    private readonly endpointName: string,
    private readonly rows: readonly Row[],
    private readonly rate: number,
  ) {
    const { endpoint, region, credentials } = aws.connection;
    // A slow endpoint keeps many requests open, and a retry would hide a failure.
    const requestHandler = { httpAgent: { maxSockets: 2000, keepAlive: true } };
    this.#runtime = new SageMakerRuntimeClient({
      endpoint,
      region,
      credentials,
      maxAttempts: 1,
      requestHandler,
    });
    this.#cloudwatch = new CloudWatchClient({ endpoint, region, credentials });
  }

  start(): void {
    const begun = Date.now();
    this.#timers = [
      setInterval(() => {
        const due = Math.floor(((Date.now() - begun) / 1000) * this.rate);
        while (this.#sent < due) this.#invoke(this.rows[this.#sent++ % this.rows.length] as Row);
      }, 10),
      setInterval(() => this.#putErrorMetric(), 1000),
    ];
  }

  /** Sends no more requests; open ones go on. */
  halt(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Stops the traffic, and waits for open requests. */
  async stop(): Promise<void> {
    this.halt();
    await Promise.all(this.#open);
  }

  /** Returns the requests sent between two times, in milliseconds since the epoch. */
  between(start: number, end: number): readonly Answer[] {
    return this.answers.filter(({ sentAt }) => start <= sentAt && sentAt < end);
  }

  #invoke(row: Row): void {
    const sentAt = Date.now();
    const done = (result: { readonly error?: number; readonly failure?: string }) => {
      this.answers.push({ sentAt, milliseconds: Date.now() - sentAt, ...result });
    };
    const open = this.#predict(row)
      .then(
        (prediction) => done({ error: errorOf(prediction, row.label) }),
        (error: Error) => done({ failure: error.message }),
      )
      .finally(() => this.#open.delete(open));
    this.#open.add(open);
  }

  async #predict({ features }: Row): Promise<Cell> {
    const { Body } = await this.#runtime.send(
      new InvokeEndpointCommand({
        EndpointName: this.endpointName,
        ContentType: "application/json",
        Accept: "application/json",
        Body: JSON.stringify({ instances: [features] }),
      }),
    );
    const { predictions } = JSON.parse(Body?.transformToString() ?? "{}");
    const prediction = predictions?.[0];
    if (typeof prediction !== "number" && typeof prediction !== "string") {
      throw new Error("the response contains no prediction");
    }
    return prediction;
  }

  /** Sends the error metric at once, because the labels are known; in production they arrive later. */
  #putErrorMetric(): void {
    const errors = this.answers
      .slice(this.#reported)
      .flatMap(({ error }) => (error === undefined ? [] : [error]));
    this.#reported = this.answers.length;
    if (errors.length === 0) return;
    const Value = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const { Namespace, MetricName } = businessMetric;
    this.#cloudwatch
      .send(new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName, Value }] }))
      // The emulator may have stopped in the meantime.
      .catch(() => {});
  }
}

/** How far a prediction is from the true value; of labels, whether it is another. */
export function errorOf(prediction: Cell, label: Cell): number {
  if (typeof prediction === "number" && typeof label === "number") return Math.abs(prediction - label);
  return String(prediction) === String(label) ? 0 : 1;
}

/** The cells of a line; one with a comma or a quote is in quotes. */
function cellsOf(line: string): string[] {
  const cells = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return [...cells].map(([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain);
}

/** Parses a CSV file with a header and the label in its last column, numbers or texts; skips rows with an empty cell. */
export function rowsOf(csv: string): Row[] {
  const [, ...lines] = csv.trim().split(/\r?\n/);
  return lines
    .map(cellsOf)
    .filter((cells) => cells.length > 1 && !cells.includes(""))
    .map((cells) => cells.map((cell) => (Number.isFinite(Number(cell)) ? Number(cell) : cell)))
    .map((cells) => ({ features: cells.slice(0, -1), label: cells.at(-1) as Cell }));
}

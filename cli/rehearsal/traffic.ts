import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import type { Aws } from "../account/clients";

/** One row of the held-out data: what is asked, and what would have been right. */
export interface Row {
  readonly features: readonly number[];
  readonly label: number;
}

/** What became of one request. */
export interface Answer {
  /** Milliseconds since the epoch. */
  readonly askedAt: number;
  readonly milliseconds: number;
  /** Distance of the prediction from the label; missing where there was none. */
  readonly error?: number;
  readonly failure?: string;
}

/** What the traffic tells CloudWatch: how wrong the predictions of each second were. */
export const businessMetric = { Namespace: "Rehearsal", MetricName: "AbsoluteError" } as const;

/** Asks an endpoint the rows again and again, at a rate that does not wait for its answers. */
export class Traffic {
  readonly answers: Answer[] = [];
  readonly #runtime: SageMakerRuntimeClient;
  readonly #cloudwatch: CloudWatchClient;
  readonly #open = new Set<Promise<void>>();
  #told = 0;
  #asked = 0;
  #timers: NodeJS.Timeout[] = [];

  /** @param rate requests a second */
  constructor(
    aws: Aws,
    private readonly endpointName: string,
    private readonly rows: readonly Row[],
    private readonly rate: number,
  ) {
    const { endpoint, region, credentials } = aws.connection;
    // A slow endpoint has many requests open, and a second attempt would hide a failure.
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
        while (this.#asked < due) this.#ask(this.rows[this.#asked++ % this.rows.length] as Row);
      }, 10),
      setInterval(() => this.#tell(), 1000),
    ];
  }

  /** Ends the traffic, and waits for what is still open. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#open);
  }

  /** Requests that were asked in a span of time, given in milliseconds since the epoch. */
  between(start: number, end: number): readonly Answer[] {
    return this.answers.filter(({ askedAt }) => start <= askedAt && askedAt < end);
  }

  #ask(row: Row): void {
    const askedAt = Date.now();
    const done = (result: { readonly error?: number; readonly failure?: string }) => {
      this.answers.push({ askedAt, milliseconds: Date.now() - askedAt, ...result });
    };
    const open = this.#predict(row)
      .then(
        (prediction) => done({ error: Math.abs(prediction - row.label) }),
        (error: Error) => done({ failure: error.message }),
      )
      .finally(() => this.#open.delete(open));
    this.#open.add(open);
  }

  async #predict({ features }: Row): Promise<number> {
    const { Body } = await this.#runtime.send(
      new InvokeEndpointCommand({
        EndpointName: this.endpointName,
        ContentType: "application/json",
        Accept: "application/json",
        Body: JSON.stringify({ instances: [features] }),
      }),
    );
    const { predictions } = JSON.parse(Body?.transformToString() ?? "{}");
    if (typeof predictions?.[0] !== "number") throw new Error("the answer holds no prediction");
    return predictions[0];
  }

  /** Labels are known at once here; elsewhere somebody joins them later. */
  #tell(): void {
    const errors = this.answers
      .slice(this.#told)
      .flatMap(({ error }) => (error === undefined ? [] : [error]));
    this.#told = this.answers.length;
    if (errors.length === 0) return;
    const Value = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const { Namespace, MetricName } = businessMetric;
    this.#cloudwatch
      .send(new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName, Value }] }))
      // The emulator may have been stopped meanwhile.
      .catch(() => {});
  }
}

/** Rows of a CSV file with a header, the label in its last column; what is not all numbers is left out. */
export function rowsOf(csv: string): Row[] {
  const [, ...lines] = csv.trim().split(/\r?\n/);
  return lines
    .map((line) => line.split(",").map((cell) => (cell === "" ? Number.NaN : Number(cell))))
    .filter((values) => values.length > 1 && values.every(Number.isFinite))
    .map((values) => ({ features: values.slice(0, -1), label: values.at(-1) as number }));
}

import { mayBecome, Tokens, unknownIn, withoutMarks } from "../../../cli/review/tokens";
import { parsePlan, parseSynthesized } from "../../../cli/terraform/plan-json";

const change = (after: object, more: object = {}) => ({
  address: "aws_lambda_function.Evaluation_12345678",
  mode: "managed",
  type: "aws_lambda_function",
  name: "Evaluation_12345678",
  change: { actions: ["update"], before: {}, after, ...more },
});

function resolve(text: string, resource: object): string {
  const plan = parsePlan("dev", {
    format_version: "1.2",
    resource_changes: [resource],
    prior_state: {
      values: {
        root_module: {
          resources: [
            {
              address: "data.aws_partition.P",
              values: { partition: "aws", secret: "hidden" },
              sensitive_values: { secret: true },
            },
          ],
        },
      },
    },
  });
  return new Tokens(plan, parseSynthesized("dev", {})).resolve(text);
}

/** As CDKTF writes a reference into a text. */
const reference = (expression: string) => `$\{${expression}}`;
const token = reference("aws_lambda_function.Evaluation_12345678.arn");

it("puts known values in, as JSON needs them", () => {
  expect(JSON.parse(resolve(`{"f":"${token}"}`, change({ arn: 'a"b' })))).toEqual({ f: 'a"b' });
});

it("puts values of data sources in", () => {
  expect(resolve(`arn:${reference("data.aws_partition.P.partition")}:s3:::b`, change({}))).toBe(
    "arn:aws:s3:::b",
  );
});

it("does not know a data source that is read again, nor a sensitive value of one", () => {
  const again = { ...change({}), address: "data.aws_partition.P", mode: "data" };
  expect(withoutMarks(JSON.parse(`"${resolve(reference("data.aws_partition.P.partition"), again)}"`))).toBe(
    "<known after the deploy>",
  );
  expect(resolve(reference("data.aws_partition.P.secret"), change({}))).not.toContain("hidden");
});

it("marks an unknown value, with a name that a person knows", () => {
  const { f } = JSON.parse(resolve(`{"f":"x/${token}/y"}`, change({}, { after_unknown: { arn: true } })));
  expect(unknownIn(f)).toEqual(["Evaluation"]);
  expect(withoutMarks(f)).toBe("x/<Evaluation.arn>/y");
  expect(mayBecome("x/1/y", f)).toBe(true);
  expect(mayBecome("x/1/z", f)).toBe(false);
});

it("neither shows nor compares a sensitive value, nor what a function makes", () => {
  const sensitive = resolve(token, change({ arn: "secret" }, { after_sensitive: { arn: true } }));
  expect(sensitive).not.toContain("secret");
  const made = resolve(`"${reference('sensitive(\\"secret\\")')}"`, change({}));
  expect(withoutMarks(JSON.parse(made))).toBe("<known after the deploy>");
});

it("takes a character of a pattern for itself", () => {
  expect(mayBecome("axb", "a.b\u0000n.arn\u0000")).toBe(false);
});

it("gives back what was escaped for Terraform", () => {
  expect(resolve(`$${reference("x")} %%{y}`, change({}))).toBe(`${reference("x")} %{y}`);
});

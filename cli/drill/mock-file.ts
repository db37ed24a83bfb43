/** The answers of many cases, in the format of Step Functions Local, which the emulator reads. */

import type { Answer } from "./answers";
import type { DrillCase } from "./cases";

/** As good as for ever: no loop of a definition is as long. */
const lastCall = 9999;

/** @see https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-mock-cfg-file.html */
export function mockFile(cases: readonly DrillCase[]): object {
  const names = new Map<string, string>();
  const StateMachines: Record<string, { TestCases: Record<string, Record<string, string>> }> = {};
  for (const { id, machine, answers } of cases.flatMap((one) => [one, ...(one.after ? [one.after] : [])])) {
    StateMachines[machine.name] ??= { TestCases: {} };
    const machineCases = (StateMachines[machine.name] as { TestCases: object }).TestCases;
    Object.assign(machineCases, {
      [id]: Object.fromEntries(
        Object.entries(answers).map(([state, given]) => [state, nameOf(responses(given), names)]),
      ),
    });
  }
  const MockedResponses = Object.fromEntries([...names].map(([text, name]) => [name, JSON.parse(text)]));
  return { StateMachines, MockedResponses };
}

/** Equal responses have one name. */
function nameOf(response: object, names: Map<string, string>): string {
  const text = JSON.stringify(response);
  const name = names.get(text) ?? `response-${names.size}`;
  names.set(text, name);
  return name;
}

function responses(answers: readonly Answer[]): object {
  return Object.fromEntries(
    answers.map((answer, index) => {
      const calls = index === answers.length - 1 ? `${index}-${lastCall}` : String(index);
      return [
        calls,
        "error" in answer
          ? { Throw: { Error: answer.error, Cause: answer.cause } }
          : { Return: answer.result },
      ];
    }),
  );
}

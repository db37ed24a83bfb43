import { Aws } from "../../../cli/account/clients";
import { Traffic } from "../../../cli/rehearsal/traffic";

afterEach(() => jest.useRealTimers());

it("leaves nothing behind that would keep the process when it is halted", () => {
  jest.useFakeTimers();
  const connection = {
    region: "us-east-1",
    endpoint: "http://127.0.0.1:9",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  };
  const traffic = new Traffic(new Aws(connection), "housing-local", [{ features: [1], label: 2 }], 0.001);
  traffic.start();
  expect(jest.getTimerCount()).toBe(2);
  traffic.halt();
  expect(jest.getTimerCount()).toBe(0);
});

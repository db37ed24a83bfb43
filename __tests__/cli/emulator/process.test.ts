import { emulatorEnvironment } from "../../../cli/emulator/process";

it("keeps the developer's keys and tokens out of the emulator's variables", () => {
  const kept = {
    PATH: "/bin",
    HOME: "/home/ada",
    https_proxy: "http://proxy",
    PIP_INDEX_URL: "https://index",
    TZ: "UTC",
  };
  const left = {
    AWS_SECRET_ACCESS_KEY: "s",
    AWS_PROFILE: "p",
    GITHUB_TOKEN: "t",
    PYTHONPATH: "/x",
    NPM_TOKEN: "n",
  };
  expect(emulatorEnvironment({ ...kept, ...left })).toEqual(kept);
});
